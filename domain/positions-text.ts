/** Positions for people: `0:120, 1:7`, in the order of their names, cut off when there are many. */
const mostShown = 12;

export function positionsText(positions: Readonly<Record<string, string>>): string {
  const entries = Object.entries(positions).sort(([left], [right]) =>
    left.localeCompare(right, 'en', { numeric: true }),
  );
  const shown = entries.slice(0, mostShown).map(([partition, position]) => `${partition}:${position}`);
  const rest = entries.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}
