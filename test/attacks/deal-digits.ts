/** Which digits each silo has. */
import { type DigitSet, selectRows } from '../../examples/digits/digits.mjs';
import { dirichletSplit } from '../../examples/digits/dirichlet.mjs';
import { seededRandom, shuffle } from '../../examples/shared/seeded-random.mjs';

/** No digit goes to two silos; another seed deals other digits. Silos differ where there is an alpha. */
export function dealDigits(
  all: DigitSet,
  options: { silos: number; digits: number; seed: number; alpha?: number | undefined },
): DigitSet[] {
  const { silos, digits, seed, alpha } = options;
  const there = all.labels.length;
  if (digits > there) throw new RangeError(`there are ${there} digits to deal, not ${digits}`);
  const drawn = shuffle([...all.labels.keys()], seededRandom(`deal ${seed}`)).slice(0, digits);
  if (alpha !== undefined) {
    const labels = Uint8Array.from(drawn, (row) => all.labels[row] ?? 0);
    const split = dirichletSplit(labels, { silos, alpha, seed: String(seed) });
    return split.map((places) =>
      selectRows(
        all,
        places.map((place) => drawn[place] ?? 0),
      ),
    );
  }
  const each = Math.floor(digits / silos);
  return Array.from({ length: silos }, (_, silo) =>
    selectRows(all, drawn.slice(silo * each, (silo + 1) * each)),
  );
}
