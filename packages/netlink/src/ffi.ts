/**
 * The only way to native code: the few calls of the C library that Node does not offer. koffi is loaded by the
 * first call, so whatever never calls (rendering, help) never loads it. koffi's asynchronous calls are never used: they
 * starve Node's thread pool; the event loop waits for descriptors with libuv's own poll handle, which koffi lends.
 */
import { createRequire } from 'node:module';
import { constants, endianness } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { adviseOn, type Capability } from './capabilities.ts';
import { formatErrno } from './errno.ts';
import { KernelError } from './kernel-error.ts';

/** Of sys/socket.h, as on all machines that Node.js has binaries for. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
const SO_ATTACH_FILTER = 26;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
/** Of poll.h. */
export const POLLIN = 1;
export const POLLOUT = 4;
export const CLONE_NEWNET = 0x40000000;
/** Of mounts. */
export const CLONE_NEWNS = 0x00020000;
const O_CLOEXEC = 0o2000000;
/** Of spawn.h; the C library's structs are opaque, and none is larger. */
const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const SPAWN_STRUCT_BYTES = 1024;
const SIGNAL_SET_BYTES = 128;
const WNOHANG = 1;

interface Libc {
  unshare(flags: number): number;
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Uint8Array, length: Uint8Array, flags: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  address(bytes: Uint8Array): bigint;
  poll(waits: Uint8Array, count: number, timeoutMs: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  attachFilter(
    fd: number,
    level: number,
    option: number,
    program: { readonly length: number; readonly filter: Uint8Array },
    size: number,
  ): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  errno(): number;
  prlimit(pid: number, resource: number, wanted: Uint8Array | null, former: Uint8Array): number;
  watch(fd: number, readable: () => void): PollHandle;
  pipe2(ends: Uint8Array, flags: number): number;
  posix_spawn(
    pid: Uint8Array,
    path: string,
    files: Uint8Array,
    attributes: Uint8Array,
    argv: readonly (string | null)[],
    environment: readonly (string | null)[],
  ): number;
  posix_spawn_file_actions_init(files: Uint8Array): number;
  posix_spawn_file_actions_adddup2(files: Uint8Array, fd: number, as: number): number;
  posix_spawn_file_actions_destroy(files: Uint8Array): number;
  posix_spawnattr_init(attributes: Uint8Array): number;
  posix_spawnattr_setflags(attributes: Uint8Array, flags: number): number;
  posix_spawnattr_setsigdefault(attributes: Uint8Array, signals: Uint8Array): number;
  waitpid(pid: number, status: Uint8Array, options: number): number;
  /** Only glibc has it. */
  malloc_trim: ((pad: number) => number) | undefined;
}

/** A handle of libuv's event loop. */
interface PollHandle {
  start(readable: () => void): void;
  stop(): void;
  close(): void;
}

let loaded: Libc | undefined;

function libc(): Libc {
  loaded ??= loadLibcOrRefuse();
  return loaded;
}

/** An installation without koffi's binary for this machine is as good as a kernel that refuses. */
function loadLibcOrRefuse(): Libc {
  try {
    return loadLibc();
  } catch (cause) {
    const detail = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new KernelError({ operation: 'load', object: 'koffi', detail, cause });
  }
}

function loadLibc(): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  // null names the C library this process already runs on, glibc and musl alike.
  const library = koffi.load(null);
  const filterProgram = koffi.struct({ length: 'unsigned short', filter: 'const void *' });
  return {
    unshare: library.func('int unshare(int flags)'),
    setns: library.func('int setns(int fd, int type)'),
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
    listen: library.func('int listen(int fd, int backlog)'),
    accept4: library.func('int accept4(int fd, void *address, void *length, int flags)'),
    connect: library.func('int connect(int fd, const void *address, uint32_t length)'),
    getsockname: library.func('int getsockname(int fd, void *address, void *length)'),
    send: library.func('long send(int fd, const void *bytes, size_t length, int flags)'),
    recv: library.func('long recv(int fd, void *bytes, size_t length, int flags)'),
    recvmmsg: library.func(
      'int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)',
    ),
    sendmmsg: library.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)'),
    address: (bytes) => koffi.address(bytes),
    poll: library.func('int poll(void *waits, unsigned long count, int timeoutMs)'),
    setsockopt: library.func(
      'int setsockopt(int fd, int level, int option, const void *value, uint32_t length)',
    ),
    attachFilter: library.func('setsockopt', 'int', [
      'int',
      'int',
      'int',
      koffi.pointer(filterProgram),
      'uint32_t',
    ]),
    getsockopt: library.func('int getsockopt(int fd, int level, int option, void *value, void *length)'),
    errno: () => koffi.errno(),
    prlimit: library.func('int prlimit(int pid, int resource, const void *wanted, void *former)'),
    watch: (fd, readable) => koffi.node.poll(fd, readable),
    pipe2: library.func('int pipe2(void *ends, int flags)'),
    posix_spawn: library.func(
      'int posix_spawn(void *pid, const char *path, void *files, void *attributes, const char **argv, const char **environment)',
    ),
    posix_spawn_file_actions_init: library.func('int posix_spawn_file_actions_init(void *files)'),
    posix_spawn_file_actions_adddup2: library.func(
      'int posix_spawn_file_actions_adddup2(void *files, int fd, int as)',
    ),
    posix_spawn_file_actions_destroy: library.func('int posix_spawn_file_actions_destroy(void *files)'),
    posix_spawnattr_init: library.func('int posix_spawnattr_init(void *attributes)'),
    posix_spawnattr_setflags: library.func('int posix_spawnattr_setflags(void *attributes, short flags)'),
    posix_spawnattr_setsigdefault: library.func(
      'int posix_spawnattr_setsigdefault(void *attributes, const void *signals)',
    ),
    waitpid: library.func('int waitpid(int pid, void *status, int options)'),
    malloc_trim: unlessMissing(() => library.func('int malloc_trim(size_t pad)')),
  };
}

function unlessMissing<Call>(declare: () => Call): Call | undefined {
  try {
    return declare();
  } catch {
    return undefined;
  }
}

/** Turns the C library's "-1 and errno" into a {@link KernelError}; every other result is passed on. */
function check(operation: string, object: string, result: number, needs?: Capability): number {
  if (result >= 0) return result;
  const errno = libc().errno();
  const advice = needs !== undefined && errno === constants.errno.EPERM ? adviseOn(needs) : '';
  throw new KernelError({ operation, object, detail: formatErrno(errno) + advice, errno });
}

/** Moves the calling thread into new namespaces of the kinds in `flags`. */
export function unshare(flags: number): void {
  check('unshare', '', libc().unshare(flags), 'CAP_SYS_ADMIN');
}

/** Moves the calling thread into the namespace behind an open file; `type` is a CLONE_NEW* flag. */
export function setns(fd: number, type: number): void {
  check('setns', `fd ${fd}`, libc().setns(fd, type), 'CAP_SYS_ADMIN');
}

/** Opens a socket in the calling thread's network namespace and returns its file descriptor. */
export function socket(domain: number, type: number, protocol: number): number {
  return check(
    'socket',
    `family ${domain} protocol ${protocol}`,
    libc().socket(domain, type | SOCK_CLOEXEC, protocol),
    domain === AF_PACKET ? 'CAP_NET_RAW' : undefined,
  );
}

/** Binds a socket to an encoded `struct sockaddr`. */
export function bind(fd: number, address: Uint8Array): void {
  check('bind', `fd ${fd}`, libc().bind(fd, address, address.length));
}

/** Lets a bound stream socket take connections. */
export function listen(fd: number, backlog: number): void {
  check('listen', `fd ${fd}`, libc().listen(fd, backlog));
}

/** Takes the next connection off a non-blocking listening socket, non-blocking too; undefined if there is none. */
export function accept(fd: number): { readonly fd: number; readonly peer: Uint8Array } | undefined {
  const address = new Uint8Array(128);
  const length = new Uint32Array([address.length]);
  const flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  const accepted = libc().accept4(fd, address, new Uint8Array(length.buffer), flags);
  if (accepted < 0 && libc().errno() === constants.errno.EAGAIN) return undefined;
  return { fd: check('accept', `fd ${fd}`, accepted), peer: address.subarray(0, length[0]) };
}

/** Starts to connect a non-blocking socket; {@link poll} tells when it is done. */
export function connect(fd: number, address: Uint8Array): void {
  const result = libc().connect(fd, address, address.length);
  if (result < 0 && libc().errno() === constants.errno.EINPROGRESS) return;
  check('connect', `fd ${fd}`, result);
}

/** The encoded `struct sockaddr` a socket is bound to. */
export function socketName(fd: number): Uint8Array {
  const address = new Uint8Array(128);
  const length = new Uint32Array([address.length]);
  check('getsockname', `fd ${fd}`, libc().getsockname(fd, address, new Uint8Array(length.buffer)));
  return address.subarray(0, length[0]);
}

/** Sends one datagram, or of a stream as much as there is room for; returns how many bytes. */
export function send(fd: number, bytes: Uint8Array): number {
  return check('send', `${bytes.length} bytes`, libc().send(fd, bytes, bytes.length, 0));
}

/**
 * Takes the next datagram off a non-blocking socket: undefined if there is none, else its size, which is larger than
 * the buffer if the datagram was cut off.
 */
export function receiveDatagram(fd: number, buffer: Uint8Array): number | undefined {
  for (;;) {
    const size = libc().recv(fd, buffer, buffer.length, MSG_TRUNC);
    if (size >= 0) return size;
    const errno = libc().errno();
    if (errno === constants.errno.EAGAIN) return undefined;
    // A signal came first.
    if (errno !== constants.errno.EINTR) check('recv', `fd ${fd}`, size);
  }
}

/** Where in memory bytes are, for structs of the kernel; they stay there as long as there are any references to them. */
export function addressOf(bytes: Uint8Array): bigint {
  return libc().address(bytes);
}

/** Takes datagrams off a socket, without waiting, into an array of `struct mmsghdr`; returns how many. */
export function receiveMessages(fd: number, headers: Uint8Array, count: number): number {
  for (;;) {
    const received = libc().recvmmsg(fd, headers, count, MSG_DONTWAIT, null);
    if (received >= 0) return received;
    const errno = libc().errno();
    if (errno === constants.errno.EAGAIN) return 0;
    // A signal came first.
    if (errno !== constants.errno.EINTR) check('recvmmsg', `fd ${fd}`, received);
  }
}

/**
 * Sends what an array of `struct mmsghdr` has, without waiting; returns how many datagrams, fewer where one can't be sent. Throws
 * KernelError if that is the first.
 */
export function sendMessages(fd: number, headers: Uint8Array, count: number): number {
  for (;;) {
    const sent = libc().sendmmsg(fd, headers, count, MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (libc().errno() !== constants.errno.EINTR) return check('sendmmsg', `fd ${fd}`, sent);
  }
}

/** Which of the events (POLLIN, POLLOUT, and always POLLERR and POLLHUP) are there now; does not wait. */
export function poll(fd: number, events: number): number {
  const wait = new DataView(new ArrayBuffer(8));
  const isLittleEndian = endianness() === 'LE';
  wait.setInt32(0, fd, isLittleEndian);
  wait.setInt16(4, events, isLittleEndian);
  check('poll', `fd ${fd}`, libc().poll(new Uint8Array(wait.buffer), 1, 0));
  return wait.getInt16(6, isLittleEndian);
}

/** Sets a socket option whose value is already encoded in the machine's byte order. */
export function setSocketOption(fd: number, level: number, option: number, value: Uint8Array): void {
  check(
    'setsockopt',
    `level ${level} option ${option}`,
    libc().setsockopt(fd, level, option, value, value.length),
  );
}

/** Reads a socket option of at most `size` bytes. */
export function getSocketOption(fd: number, level: number, option: number, size: number): Uint8Array {
  return exchangeSocketOption(fd, level, option, new Uint8Array(size));
}

/** Reads a socket option that is asked for with a value, which the answer takes the place of. */
export function exchangeSocketOption(
  fd: number,
  level: number,
  option: number,
  value: Uint8Array,
): Uint8Array {
  const length = new Uint32Array([value.length]);
  check(
    'getsockopt',
    `level ${level} option ${option}`,
    libc().getsockopt(fd, level, option, value, new Uint8Array(length.buffer)),
  );
  return value.subarray(0, length[0]);
}

/**
 * Lets only those datagrams into a socket for which a classic BPF program (linux/filter.h: instructions of eight bytes)
 * returns more than 0.
 */
export function attachFilter(fd: number, filter: Uint8Array): void {
  const program = { length: filter.length / 8, filter };
  // The size of the struct, two bytes and a pointer, on machines with 64 bits.
  const result = libc().attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, 16);
  check('attach filter', `fd ${fd}`, result);
}

/** The soft and the hard limit of a resource (RLIMIT_*) of this process. */
export interface ResourceLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** Reads a limit of this process; with `wanted`, sets it too and returns what it was before. */
export function resourceLimit(resource: number, wanted?: ResourceLimit): ResourceLimit {
  const former = new BigUint64Array(2);
  const next = wanted && new Uint8Array(new BigUint64Array([wanted.soft, wanted.hard]).buffer);
  const result = libc().prlimit(0, resource, next ?? null, new Uint8Array(former.buffer));
  check('prlimit', `resource ${resource}`, result);
  const [soft = 0n, hard = 0n] = former;
  return { soft, hard };
}

/** A pipe whose ends no program inherits. */
export function pipe(): { readonly readFd: number; readonly writeFd: number } {
  const ends = new Int32Array(2);
  check('pipe', '', libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC));
  const [readFd = -1, writeFd = -1] = ends;
  return { readFd, writeFd };
}

/** How a program is started. */
export interface Program {
  readonly path: string;
  /** With the program's own name in front. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors of this process that become its standard input, output and error. */
  readonly stdio: readonly [number, number, number];
}

/**
 * Starts a program in a process group of its own, with no signal blocked or ignored, and returns its process ID. Other than
 * a fork, this copies no page tables: what it takes does not grow with this process. {@link childStatus} must be asked
 * until it has told the end.
 */
export function startProgram({ path, argv, env, stdio }: Program): number {
  const files = new Uint8Array(SPAWN_STRUCT_BYTES);
  const attributes = new Uint8Array(SPAWN_STRUCT_BYTES);
  const pid = new Int32Array(1);
  const environment = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const attempt = (result: number): void => {
    // These return the error number instead of setting it.
    if (result !== 0)
      throw new KernelError({ operation: 'start', object: path, detail: formatErrno(result), errno: result });
  };
  attempt(libc().posix_spawn_file_actions_init(files));
  try {
    for (const [as, fd] of stdio.entries()) {
      attempt(libc().posix_spawn_file_actions_adddup2(files, fd, as));
    }
    attempt(libc().posix_spawnattr_init(attributes));
    const flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    attempt(libc().posix_spawnattr_setflags(attributes, flags));
    const all = new Uint8Array(SIGNAL_SET_BYTES).fill(0xff);
    attempt(libc().posix_spawnattr_setsigdefault(attributes, all));
    const words = [[...argv, null] as const, [...environment, null] as const] as const;
    attempt(libc().posix_spawn(new Uint8Array(pid.buffer), path, files, attributes, ...words));
  } finally {
    libc().posix_spawn_file_actions_destroy(files);
  }
  return pid[0] ?? -1;
}

/** Exit status of a started program, 128 + signal number when a signal ended it; undefined while it runs. Tells it once. */
export function childStatus(pid: number): number | undefined {
  const status = new Int32Array(1);
  const ended = check('wait', `process ${pid}`, libc().waitpid(pid, new Uint8Array(status.buffer), WNOHANG));
  if (ended === 0) return undefined;
  const [word = 0] = status;
  const signal = word & 0x7f;
  return signal === 0 ? (word >> 8) & 0xff : 128 + signal;
}

/**
 * Gives memory back to the kernel that the C library holds free: of compilers, and of what was read once. That takes less than a
 * millisecond in a process of 100 MB. Where the C library has no such call (musl), nothing happens.
 */
export function returnFreeMemory(): void {
  libc().malloc_trim?.(0);
}

/**
 * Calls `readable` on the event loop whenever there is something to receive, or an error, until it is disposed of; then
 * the descriptor may be closed. What was not received makes it call again. Keeps the process alive, as a server does.
 */
export function watchReadable(fd: number, readable: () => void): Disposable {
  // koffi 3.3 crashes the process when a thread ends that has such a handle open. The main thread ends with the process.
  if (!isMainThread) throw new Error('BUG: only the main thread can watch a descriptor');
  let isClosed = false;
  const wake = (): void => {
    // libuv ends the watch of a descriptor with an error pending, as lost datagrams are: hence a new one each time.
    handle.stop();
    // A callback of koffi runs outside of Node's bookkeeping: promises settled and errors thrown in it would be stuck.
    setImmediate(() => {
      if (isClosed) return;
      readable();
      if (!isClosed) handle.start(wake);
    });
  };
  const handle = libc().watch(fd, wake);
  return {
    [Symbol.dispose]() {
      if (isClosed) return;
      isClosed = true;
      handle.close();
    },
  };
}
