/** The rows of the benchmarks: about 210 bytes of JSON, six dimensions of different cardinality and three numbers, repeatable. */
const countries = [
  'de',
  'us',
  'fr',
  'jp',
  'br',
  'in',
  'gb',
  'it',
  'es',
  'nl',
  'se',
  'pl',
  'mx',
  'ca',
  'au',
  'kr',
  'tr',
  'za',
  'ar',
  'ch',
];
const devices = ['phone', 'tablet', 'desktop', 'tv', 'watch', 'car'];
const browsers = ['chrome', 'safari', 'firefox', 'edge', 'opera', 'other'];
const firstMs = Date.UTC(2026, 0, 1);

/** Row `index`; event times cover about one hour per 400,000 rows, slightly out of order. */
export function benchRow(index: number): string {
  const mixed = (Math.imul(index, 2654435761) >>> 0) % 1_000_003;
  const timestamp = firstMs + Math.floor(index / 111) * 1000 + (mixed % 5_000);
  return JSON.stringify({
    ts: timestamp,
    country: countries[mixed % countries.length],
    device: devices[(mixed >> 3) % devices.length],
    browser: browsers[(mixed >> 5) % browsers.length],
    page: `/shop/category-${mixed % 60}/item`,
    user: `user-${mixed % 200_000}`,
    session: `s-${index.toString(36)}-${mixed.toString(36)}`,
    bytes: mixed % 65_536,
    latency: mixed % 900,
    price: (mixed % 10_000) / 100,
  });
}
