/** Gets what `npm run image` needs beside this checkout, so that it works offline from then on. */
import { fetchPackages, PACKAGES } from './debian-packages.ts';

try {
  fetchPackages(PACKAGES);
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
