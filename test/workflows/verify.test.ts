import { describe, expect, it } from 'vitest';
import { judged, pixelDifference } from '../../workflows/index.ts';

describe('a picture that was made again', () => {
  it('is measured in values of three channels, alpha or not', () => {
    const a = [0, 0, 0, 255, 10, 10, 10, 255];
    const b = [0, 0, 3, 255, 10, 10, 10, 255];
    expect(pixelDifference(a, b, 6)).toEqual({ largest: 3, mean: 0.5, share: 1 / 6 });
    expect(pixelDifference([1, 2], [1, 2])).toEqual({ largest: 0, mean: 0, share: 0 });
  });

  it('is bit-equal, within tolerance, or different, of another size too', () => {
    const rules = { changed: [], tolerance: 2 };
    const of = (largest: number) => judged({ largest, mean: 0, share: 0 }, rules).result;
    expect([0, 2, 3].map(of)).toEqual(['bit-equal', 'within-tolerance', 'different']);
    expect(judged(undefined, rules)).toEqual({ result: 'different', changed: [] });
  });
});
