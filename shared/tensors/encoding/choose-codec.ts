import type { UpdateEncoding } from '../../contracts/encoding.ts';
import type { BlockCodec } from './block-codec.ts';
import { floatBlocks } from './float-blocks.ts';
import { int8Blocks } from './int8-blocks.ts';
import { topKBlocks } from './top-k-blocks.ts';

export function blockCodec(encoding: UpdateEncoding): BlockCodec {
  switch (encoding.kind) {
    case 'f16':
      return floatBlocks('F16');
    case 'bf16':
      return floatBlocks('BF16');
    case 'int8':
      return int8Blocks;
    case 'top-k':
      return topKBlocks(encoding.fraction);
  }
}
