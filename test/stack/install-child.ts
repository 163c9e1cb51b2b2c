/** Installs a fake into argv[2]: appends a line to argv[3], then takes argv[4] ms. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installOnce } from '../../stack/cache.ts';
import { silentLog } from '../../stack/progress.ts';

const [target = '', journal = '', ms = '0'] = process.argv.slice(2);

await installOnce(
  {
    target,
    title: 'a fake',
    build: async (folder) => {
      appendFileSync(journal, `${process.pid}\n`);
      writeFileSync(join(folder, 'half'), '');
      console.log('building');
      await delay(Number(ms));
      writeFileSync(join(folder, 'whole'), '');
    },
  },
  silentLog,
);
console.log('done');
