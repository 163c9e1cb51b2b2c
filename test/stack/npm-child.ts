/** Says when its npm is gone, into argv[2]. */
import { writeFileSync } from 'node:fs';
import { starterGone } from '../../stack/starter.ts';

const keepRunning = setInterval(() => undefined, 1_000);
const gone = starterGone(process.env);
console.log(`pid ${process.pid}`);
await gone;
writeFileSync(process.argv[2] ?? '', 'gone');
clearInterval(keepRunning);
