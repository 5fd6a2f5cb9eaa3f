import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeFiles, type Files } from './service.ts'

/**
 * A folder with an executable `bootstrap`, and an empty file `effects`, where its handlers leave
 * `start <id> <pid>` and `end <id> <pid>`.
 */
export function bootstrapFolder(bootstrap: string, files: Files = {}): string {
  const folder = makeFolder({ bootstrap, effects: '', ...files })
  chmodSync(join(folder, 'bootstrap'), 0o755)
  chmodSync(join(folder, 'effects'), 0o666)
  return folder
}

/** Whether a command is there; else the loud line for `t.skip`. */
export function missing(command: string, ...args: readonly string[]): string | undefined {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return undefined
  } catch {
    return `!! SKIPPED: needs ${command}, which is not here`
  }
}

/** Compiles C into `bootstrap`. */
export function compileC(source: string): string {
  const folder = bootstrapFolder('')
  writeFiles(folder, { 'bootstrap.c': source })
  execFileSync('gcc', [
    '-O1',
    '-D_GNU_SOURCE',
    '-o',
    join(folder, 'bootstrap'),
    join(folder, 'bootstrap.c'),
  ])
  return folder
}

/**
 * A runtime in Node on one connection that is kept. `handle(event, id, api)` is the handler; what it
 * gives back is the answer. `api(method, path, body, headers)` makes any call of the Runtime API.
 */
export function nodeBootstrap(handle: string, before: string = ''): string {
  return `#!${process.execPath}
const { Agent, request } = process.getBuiltinModule('node:http')
const { appendFileSync, existsSync } = require('node:fs')
const { setTimeout: after } = require('node:timers/promises')
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const base = '/2018-06-01/runtime'
const say = (what, id) => appendFileSync(process.env.LAMBDA_TASK_ROOT + '/effects', what + ' ' + id + ' ' + process.pid + '\\n')
const has = (name) => existsSync(process.env.LAMBDA_TASK_ROOT + '/' + name)
const agent = new Agent({ keepAlive: true })
const api = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
  const sent = request({ agent, host, port, method, path: base + path, headers }, (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk))
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }))
    response.on('error', reject)
  })
  sent.on('error', reject)
  sent.end(body)
})
const handle = ${handle}
const serve = async () => {
  for (;;) {
    const { status, headers, body } = await api('GET', '/invocation/next')
    if (status !== 200) throw new Error('next: ' + status + ' ' + body)
    const id = headers['lambda-runtime-aws-request-id']
    const result = await handle(JSON.parse(body), id, api, headers)
    if (result !== undefined) await api('POST', '/invocation/' + id + '/response', JSON.stringify(result))
  }
}
${before}
if (process.argv[2] !== 'stay') void serve()
`
}

/** As `EFFECTS` of the rig: with `hold` it ends once a file of that name is there. */
export const EFFECT_HANDLER = `async ({ id, hold }) => {
  say('start', id)
  while (hold !== undefined && !has(hold)) await after(5)
  say('end', id)
  return process.pid
}`

/**
 * One in Python, on `http.client`. Its effect is the request id, in `$FOLDER/effects`; after that it
 * waits a little where the event is not small.
 */
export const PYTHON_BOOTSTRAP = `#!/usr/bin/env python3
import http.client, os, time
effects = os.open(os.environ['FOLDER'] + '/effects', os.O_WRONLY | os.O_APPEND)
connection = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
base = '/2018-06-01/runtime/invocation/'
while True:
    connection.request('GET', base + 'next')
    response = connection.getresponse()
    event = response.read()
    id = response.getheader('Lambda-Runtime-Aws-Request-Id')
    os.write(effects, (id + '\\n').encode())
    time.sleep(0.005 if len(event) > 1000 else 0)
    connection.request('POST', base + id + '/response', str(len(event)))
    connection.getresponse().read()
`

/** The same in C, on a bare socket. */
export const C_BOOTSTRAP = `
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[8 << 20];
static int sock;

static void send_all(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t n = write(sock, text, left);
    if (n <= 0) exit(3);
    text += n;
    left -= n;
  }
}

/* Reads one response whole; returns the length of its body. */
static long receive(void) {
  size_t have = 0;
  for (;;) {
    ssize_t n = read(sock, buffer + have, sizeof(buffer) - 1 - have);
    if (n <= 0) exit(4);
    have += n;
    buffer[have] = 0;
    char *end = strstr(buffer, "\\r\\n\\r\\n");
    if (!end) continue;
    char *length = strcasestr(buffer, "\\r\\ncontent-length:");
    long body = length ? atol(length + 17) : 0;
    if (have >= (size_t)(end + 4 - buffer) + body) return body;
  }
}

int main(void) {
  char host[64], path[256], id[64];
  snprintf(host, sizeof host, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
  char *colon = strchr(host, ':');
  *colon = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  sock = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(sock, (struct sockaddr *)&to, sizeof to)) return 2;
  snprintf(path, sizeof path, "%s/effects", getenv("FOLDER"));
  int effects = open(path, O_WRONLY | O_APPEND);
  for (;;) {
    send_all("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
    long length = receive();
    char *at = strcasestr(buffer, "\\r\\nlambda-runtime-aws-request-id:");
    if (!at || sscanf(at + 32, " %40[^\\r]", id) != 1) return 5;
    dprintf(effects, "%s\\n", id);
    if (length > 1000) usleep(5000);
    char answer[32], request[512];
    int n = snprintf(answer, sizeof answer, "%ld", length);
    snprintf(request, sizeof request,
             "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: a\\r\\n"
             "Content-Length: %d\\r\\n\\r\\n%s", id, n, answer);
    send_all(request);
    receive();
  }
}
`
