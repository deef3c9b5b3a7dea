/** The Functions host as production runs it, with the planted defect where PLANT says so. */
import { plantLateHandling } from './plant.ts';

if (process.env['PLANT'] === '1') plantLateHandling();
await import('../../local/functions-host/main.ts');
