import { expect, it } from 'vitest';
import type { Picture } from '../../nodes/kit/index.ts';
import { Previews } from '../../server/engine/previews.ts';
import type { PreviewHeader } from '../../workflows/index.ts';

const picture = (side: number): Picture => ({ width: side, height: side, rgb: new Uint8Array(3 * side * side) });

it('waits for pictures that a network draws: lets go what comes meanwhile and what fails, never the last one', async () => {
  const sent: PreviewHeader[] = [];
  const previews = new Previews('job', (header) => sent.push(header));
  let draw: (drawn: Picture) => void = () => undefined;
  const asked: number[] = [];
  const step = (index: number, preview: () => Picture | Promise<Picture>): void =>
    previews.offer({
      type: 'step',
      node: 'n',
      index,
      total: 4,
      preview: () => {
        asked.push(index);
        return preview();
      },
    });
  const slow = new Promise<Picture>((resolve) => {
    draw = resolve;
  });
  step(1, () => slow);
  step(2, () => picture(8));
  draw(picture(16));
  await previews.flush();
  step(4, () => Promise.reject(new Error('no memory')));
  await previews.flush();
  step(4, () => picture(24));
  await previews.flush();
  expect(asked).toEqual([1, 4, 4]);
  expect(sent.map(({ index, width }) => [index, width])).toEqual([
    [1, 16],
    [4, 24],
  ]);
});
