/** Measures of everything that is drawn, in graph units (CSS px at scale 1). */
export const measures = {
  header: 28,
  radius: 6,
  padding: 8,
  /** Above the first row of ports, and between ports and fields. */
  gap: 6,
  portRow: 24,
  dot: 5,
  field: 24,
  fieldRow: 27,
  textLines: 3,
  textLine: 17,
  well: 180,
  leastWell: 110,
  leastWidth: 120,
  corner: 14,
  snap: 10,
} as const;

/** Nothing is written smaller than this on the screen, in CSS px. */
export const leastText = 10;

/** Fonts of the canvas; numbers of equal width where the system's font has them. */
export const fonts = {
  family: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  node: 13,
  small: 12,
} as const;

/** A CSS font. */
export const font = (size: number, weight: 400 | 600 = 400): string => `${weight} ${size}px ${fonts.family}`;

/** Does text of this size still reach {@link leastText} at a scale? */
export const isLegible = (size: number, scale: number): boolean => size * scale >= leastText - 0.01;

/** From here on down dots, round corners and shadows would be smaller than a pixel or two: nodes are drawn as plain rectangles. */
export const isFar = (scale: number): boolean => scale < 0.3;
