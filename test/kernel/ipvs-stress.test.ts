/** Some rounds of each scenario of `npm run stress` in ipvs mode, the same ones every time. */
import { describeRounds } from '../stress/some-rounds.ts';

describeRounds('drain', { ipvs: [2] });
describeRounds('restart', { ipvs: [3] });
describeRounds('takeover', { ipvs: [3] });
