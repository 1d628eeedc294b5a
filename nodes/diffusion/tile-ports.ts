import { int, type Port, type Tiles, type VaeFormat } from '../kit/index.ts';

/** Side of the pieces that a picture is cut into. */
export const tilePort = (step: number): Port<number> =>
  int({
    label: 'tile size',
    unit: 'px',
    default: 512,
    min: 64,
    max: 4096,
    step,
    help: 'Side of a piece. Smaller pieces need less memory.',
  });

/** What neighbours share. */
export const overlapPort = int({
  label: 'overlap',
  unit: 'px',
  default: 64,
  min: 0,
  max: 4096,
  step: 32,
  help: 'How much neighbouring pieces share; at most a quarter of a piece is used. Without any, seams can be seen.',
});

/** Pixels as cells of the latent; no more than a quarter of a tile is shared, as ComfyUI has it. */
export function tilesOf({ tile_size, overlap }: { tile_size: number; overlap: number }, { downscale }: VaeFormat): Tiles {
  const side = Math.max(1, Math.floor(tile_size / downscale));
  return { side, overlap: Math.floor(Math.min(overlap, tile_size / 4) / downscale) };
}
