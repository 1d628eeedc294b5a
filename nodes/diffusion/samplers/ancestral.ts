/** σ_down and σ_up of an ancestral step: σ_down² + σ_up² = to² (k-diffusion, Katherine Crowson 2022). */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  if (to === 0) return { down: 0, up: 0 };
  const up = Math.min(to, eta * Math.sqrt((to * to * (from * from - to * to)) / (from * from)));
  return { down: Math.sqrt(to * to - up * up), up };
}
