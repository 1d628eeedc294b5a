import type { SeedControl } from '../../../workflows/index.ts';
import type { Pen } from './pen.ts';

/** Small signs of 16 × 16, drawn around a middle. */
type Sign = (ctx: CanvasRenderingContext2D) => void;

const dice: Sign = (ctx) => {
  ctx.beginPath();
  ctx.roundRect(-6, -6, 12, 12, 2.5);
  ctx.stroke();
  for (const [x, y] of [
    [-2.6, -2.6],
    [2.6, -2.6],
    [0, 0],
    [-2.6, 2.6],
    [2.6, 2.6],
  ] as const) {
    ctx.beginPath();
    ctx.arc(x, y, 1.1, 0, 2 * Math.PI);
    ctx.fill();
  }
};

const lock: Sign = (ctx) => {
  ctx.beginPath();
  ctx.roundRect(-5, -1, 10, 7.5, 1.5);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(0, -1, 3.3, Math.PI, 0);
  ctx.stroke();
};

const counter =
  (up: boolean): Sign =>
  (ctx) => {
    ctx.beginPath();
    ctx.moveTo(-6, 0);
    ctx.lineTo(-1, 0);
    if (up) {
      ctx.moveTo(-3.5, -2.5);
      ctx.lineTo(-3.5, 2.5);
    }
    ctx.moveTo(1.5, -2.5);
    ctx.lineTo(4, -4.5);
    ctx.lineTo(4, 4.5);
    ctx.stroke();
  };

const chevron: Sign = (ctx) => {
  ctx.beginPath();
  ctx.moveTo(-3.5, -1.8);
  ctx.lineTo(0, 1.8);
  ctx.lineTo(3.5, -1.8);
  ctx.stroke();
};

const upload: Sign = (ctx) => {
  ctx.beginPath();
  ctx.moveTo(0, 2.5);
  ctx.lineTo(0, -5.5);
  ctx.moveTo(-3.3, -2.3);
  ctx.lineTo(0, -5.6);
  ctx.lineTo(3.3, -2.3);
  ctx.moveTo(-6, 2.5);
  ctx.lineTo(-6, 5.5);
  ctx.lineTo(6, 5.5);
  ctx.lineTo(6, 2.5);
  ctx.stroke();
};

const picture: Sign = (ctx) => {
  ctx.beginPath();
  ctx.roundRect(-7, -6, 14, 12, 2);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(-7, 3.5);
  ctx.lineTo(-2.5, -0.5);
  ctx.lineTo(1, 2.5);
  ctx.lineTo(3.4, 0.4);
  ctx.lineTo(7, 3.5);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(2.8, -2.6, 1.2, 0, 2 * Math.PI);
  ctx.stroke();
};

const warning: Sign = (ctx) => {
  ctx.beginPath();
  ctx.arc(0, 0, 6.5, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(0, -3.4);
  ctx.lineTo(0, 0.8);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(0, 3.3, 0.9, 0, 2 * Math.PI);
  ctx.fill();
};

const pin: Sign = (ctx) => {
  ctx.beginPath();
  ctx.moveTo(-3.5, -6);
  ctx.lineTo(3.5, -6);
  ctx.moveTo(-2, -6);
  ctx.lineTo(-2, -1);
  ctx.lineTo(-4.5, 2);
  ctx.lineTo(4.5, 2);
  ctx.lineTo(2, -1);
  ctx.lineTo(2, -6);
  ctx.moveTo(0, 2);
  ctx.lineTo(0, 6.5);
  ctx.stroke();
};

const signs = { pin, dice, lock, chevron, upload, picture, warning, increment: counter(true), decrement: counter(false) } as const;

export type SignName = keyof typeof signs;

/** The sign of a seed's control. */
export const controlSign: Readonly<Record<SeedControl, SignName>> = {
  fixed: 'lock',
  randomize: 'dice',
  increment: 'increment',
  decrement: 'decrement',
};

/** Draws a sign around a point. */
export function drawSign(
  { ctx }: Pen,
  name: SignName,
  at: { readonly x: number; readonly y: number; readonly colour: string; readonly size?: number },
): void {
  ctx.save();
  ctx.translate(at.x, at.y);
  ctx.scale((at.size ?? 14) / 16, (at.size ?? 14) / 16);
  ctx.strokeStyle = at.colour;
  ctx.fillStyle = at.colour;
  ctx.lineWidth = 1.4;
  ctx.lineCap = 'round';
  ctx.lineJoin = 'round';
  signs[name](ctx);
  ctx.restore();
}
