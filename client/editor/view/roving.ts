const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The arrows, Home and End move the focus among the buttons of a group, which is one stop of Tab; a radio button is chosen on the way. */
export function walk(event: KeyboardEvent): void {
  const { currentTarget, target, key } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  const stops = [...currentTarget.querySelectorAll<HTMLElement>('button:not([disabled])')];
  const at = stops.indexOf(target);
  const step = steps[key];
  const next =
    key === 'Home' ? 0 : key === 'End' ? stops.length - 1 : step === undefined || at < 0 ? -1 : (at + step + stops.length) % stops.length;
  const goal = stops[next];
  if (goal === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  goal.focus();
  if (goal.getAttribute('role') === 'radio') goal.click();
}
