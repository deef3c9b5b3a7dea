/** The app's entry. What the app is made of is loaded after the heap has been told how to grow. */
import { preferSmallHeap } from '../shared/memory/prefer-small-heap.ts';

preferSmallHeap();
await import('./app.ts');
