import { expect, it } from 'vitest';
import { parseServerHealth } from './server-health.ts';

const ANSWER = [
  '# pxname,svname,status,type,check_status,check_desc,last_chk,addr,',
  'GLOBAL,FRONTEND,OPEN,0,,,,,',
  'mw:c1:ns:web:80,FRONTEND,OPEN,0,,,,,',
  'mw:c1:ns:web:80,10.0.0.1_80,UP,2,L4OK,Layer4 check passed,,10.0.0.1:80,',
  'mw:c1:ns:web:80,10.0.0.2_80,DOWN,2,L4TOUT,Layer4 timeout,,10.0.0.2:80,',
  'mw:c1:ns:web:80,fd00::3_80,DOWN 1/2,2,* L7STS,Layer7 wrong status,"HTTP ""503"", no",[fd00::3]:80,',
  'mw:c1:ns:web:80,10.0.0.4_80,no check,2,,,,10.0.0.4:80,',
  'mw:c1:ns:web:80,10.0.0.5_80,MAINT,2,,,,10.0.0.5:80,',
  'mw:c1:ns:web:80,BACKEND,UP,1,,,,,',
  'mw:c2:ns:web:80,10.0.0.6_80,DOWN,2,L4TOUT,Layer4 timeout,,10.0.0.6:80,',
].join('\n');

it('the health of servers is that of those which HAProxy asks', () => {
  const service = 'ns/web';
  expect(parseServerHealth('c1', ANSWER)).toEqual([
    { service, ip: '10.0.0.1', port: 80, trouble: '', isReached: true },
    { service, ip: '10.0.0.2', port: 80, trouble: 'Layer4 timeout', isReached: false },
    { service, ip: 'fd00::3', port: 80, trouble: 'Layer7 wrong status: HTTP "503", no', isReached: true },
  ]);
});
