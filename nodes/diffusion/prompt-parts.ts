import { type Conditioning, type Conditionings, type Control, GraphError, type Mask, type ModelSampling, sizeOf } from '../kit/index.ts';
import { resamplePlanes } from './resample.ts';
import { roundHalfEven } from './rounding.ts';

/** A rectangle of latent cells. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One prompt of a side, made ready for latents of one size. */
export interface PromptPart {
  readonly conditioning: Conditioning;
  /** Where the network is run; everywhere if absent. */
  readonly region?: Region;
  /** How much its guess counts: one number, or one for each cell of the region, for one or several items. */
  readonly weight: number | Float32Array;
  /** It acts from this noise level down to that one. */
  readonly from: number;
  readonly to: number;
  /** Those of its ControlNets that act in a run. */
  readonly controls?: readonly Control[];
}

/** Size of the latents of a run, in cells. */
export interface Cells {
  readonly height: number;
  readonly width: number;
}

const smallestBounds = 8;
const feather = 8;

function rectangle({ area }: Conditioning, { height, width }: Cells): Region | undefined {
  if (area === undefined || area.unit === 'cells') return area;
  const cells = (share: number, side: number): number => roundHalfEven(share * side);
  return {
    x: cells(area.x, width),
    y: cells(area.y, height),
    width: Math.max(cells(area.width, width), 1),
    height: Math.max(cells(area.height, height), 1),
  };
}

/** The rectangle around everything in a mask that is not 0, at least 8 cells wide and high. */
function boundsOf({ dims: [batch = 0, height = 0, width = 0], data }: Mask): Region {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let i = 0; i < batch * height * width; i++) {
    if (data[i] === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width) % height];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  if (right < 0) return { x: 0, y: 0, width: smallestBounds, height: smallestBounds };
  return { x: left, y: top, width: Math.max(right - left + 1, smallestBounds), height: Math.max(bottom - top + 1, smallestBounds) };
}

/** A prompt with its rectangle and its mask at the size of the latents. */
interface Placed {
  readonly conditioning: Conditioning;
  readonly region?: Region;
  readonly mask?: Mask;
}

function place(conditioning: Conditioning, cells: Cells): Placed {
  const given = conditioning.mask;
  const drawn = rectangle(conditioning, cells);
  if (given === undefined) return { conditioning, ...(drawn && { region: drawn }) };
  const mask = fitMask(given.mask, cells);
  const region = given.boundsOnly ? boundsOf(mask) : drawn;
  return { conditioning, mask, ...(region && { region }) };
}

/** A mask at another size, bilinear as torch does it. */
export function fitMask(mask: Mask, { height, width }: Cells): Mask {
  const [, h, w] = mask.dims;
  return h === height && w === width ? mask : resamplePlanes(mask, { height, width, method: 'bilinear' });
}

const inside = (inner: Region, outer: Region): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const same = (a: Region, b: Region): boolean => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/** Where, when and how strongly a prompt acts, without what the network is told. */
const actingOf = ({ area, mask, strength, start, end }: Conditioning): Partial<Conditioning> => ({
  ...(area && { area }),
  ...(mask && { mask }),
  ...(strength !== undefined && { strength }),
  ...(start !== undefined && { start }),
  ...(end !== undefined && { end }),
});

/**
 * What stands against a prompt with a rectangle on another side: the prompt with the smallest rectangle around it, run on the same
 * cells. Nothing is added where there is one of the same rectangle.
 */
function opposite(side: readonly Placed[], part: Placed): Placed | undefined {
  const { region } = part;
  if (region === undefined) return undefined;
  let smallest: Placed | undefined;
  for (const other of side) {
    if (other.region === undefined) smallest ??= other;
    else if (inside(region, other.region)) {
      const least = smallest?.region;
      if (least === undefined || least.width * least.height > other.region.width * other.region.height) smallest = other;
    }
  }
  if (smallest === undefined || (smallest.region !== undefined && same(smallest.region, region))) return undefined;
  // What the network is told is that prompt's; where, when and how strongly it acts is this one's.
  const { area: _, mask: __, strength: ___, start: ____, end: _____, ...told } = smallest.conditioning;
  return { ...part, conditioning: { ...actingOf(part.conditioning), ...told } };
}

function withOpposites(sides: readonly (readonly Placed[])[]): Placed[][] {
  const all = sides.map((side) => [...side]);
  for (const [index, side] of all.entries()) {
    for (const part of side) {
      for (const [other, against] of all.entries()) {
        const added = other === index ? undefined : opposite(against, part);
        if (added !== undefined) against.push(added);
      }
    }
  }
  return all;
}

/** Lowers the edges that lie inside of the picture over up to 8 cells. */
function feathered(plane: Float32Array, { x, y, width, height }: Region, cells: Cells): void {
  const scaleCells = (along: 'x' | 'y', position: number, factor: number): void => {
    const [count, start, stride] = along === 'x' ? [height, position, width] : [width, position * width, 1];
    for (let i = 0; i < count; i++) plane[start + i * stride] = (plane[start + i * stride] ?? 0) * factor;
  };
  const [rows, columns] = [Math.min(feather, Math.floor(height / 4)), Math.min(feather, Math.floor(width / 4))];
  for (let t = 0; t < rows; t++) {
    if (y !== 0) scaleCells('y', t, (t + 1) / rows);
    if (y + height < cells.height) scaleCells('y', height - 1 - t, (t + 1) / rows);
  }
  for (let t = 0; t < columns; t++) {
    if (x !== 0) scaleCells('x', t, (t + 1) / columns);
    if (x + width < cells.width) scaleCells('x', width - 1 - t, (t + 1) / columns);
  }
}

/** The part of a rectangle that is in the picture; throws `out-of-range` if there is none. */
function clipped(region: Region, cells: Cells): Region {
  const width = Math.min(region.width, cells.width - region.x);
  const height = Math.min(region.height, cells.height - region.y);
  if (width > 0 && height > 0) return { ...region, width, height };
  throw new GraphError(
    'out-of-range',
    `A prompt is set to an area that starts at cell ${region.x}, ${region.y}, outside of the latent of ${cells.width} × ${cells.height} cells (8 pixels each). Move the area, or make the picture larger.`,
  );
}

/** How much the guess counts in each cell. */
function weightOf({ conditioning, mask }: Placed, region: Region | undefined, cells: Cells): number | Float32Array {
  const strength = conditioning.strength ?? 1;
  if (mask !== undefined) {
    const { x, y, width, height } = region ?? { x: 0, y: 0, ...cells };
    const [batch = 1, , maskWidth = 0] = mask.dims;
    const plane = sizeOf(mask.dims) / batch;
    const factor = strength * (conditioning.mask?.strength ?? 1);
    return Float32Array.from({ length: batch * height * width }, (_, i) => {
      const [item, row, column] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      return factor * (mask.data[item * plane + (y + row) * maskWidth + x + column] ?? 0);
    });
  }
  if (region === undefined) return strength;
  const plane = new Float32Array(region.width * region.height).fill(strength);
  feathered(plane, region, cells);
  return plane;
}

/** All prompts of all sides, the first one wanted, made ready for latents of a size. Throws `out-of-range` for an area outside of them. */
export function promptParts(sides: readonly Conditionings[], { percentToSigma }: ModelSampling, cells: Cells): PromptPart[][] {
  const placed = withOpposites(sides.map((side) => side.map((conditioning) => place(conditioning, cells))));
  return placed.map((side) =>
    side.map((part) => {
      const { conditioning } = part;
      const region = part.region && clipped(part.region, cells);
      return {
        conditioning,
        ...(region && { region }),
        weight: weightOf(part, region, cells),
        from: conditioning.start === undefined ? Number.POSITIVE_INFINITY : percentToSigma(conditioning.start),
        to: conditioning.end === undefined ? Number.NEGATIVE_INFINITY : percentToSigma(conditioning.end),
      };
    }),
  );
}
