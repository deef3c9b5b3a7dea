import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import { ciphertextRange } from './block-memory.ts';
import { encodedLayout } from './encoded-layout.ts';
import type { ModelLayout } from './model-layout.ts';
import { columnReader } from './open-columns.ts';
import type { UpdateLayout } from './update-layout.ts';

/** As they are, updates lie as the model does. */
export function updateLayout(
  layout: ModelLayout,
  schema: TensorSchema,
  encoding: UpdateEncoding | undefined,
): UpdateLayout {
  if (encoding !== undefined) return encodedLayout(layout, schema, encoding);
  return {
    encoded: false,
    ciphertextRange: (block) => ciphertextRange(layout, block),
    reader: (sealed) => columnReader({ layout, ...sealed }),
  };
}
