import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { resultOf } from '../runtime/rig.ts'
import { openProvidedRig } from '../runtime/runtime-api-rig.ts'
import { bootstrapFolder, C_BOOTSTRAP, compileC, missing } from '../support/bootstraps.ts'
import { startCli } from '../support/cli.ts'
import { writeFiles } from '../support/service.ts'

/** Gives back what it gets; a connection for each call. */
const SHELL_BOOTSTRAP = `#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
work=$(mktemp -d)
while true; do
  curl -sS -D "$work/head" -o "$work/event" "$api/next"
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$work/head" | tr -d '[:space:]' | cut -d: -f2)
  echo "shell has $id"
  curl -sS -o /dev/null --data-binary "@$work/event" "$api/$id/response"
done
`

const RUST_BOOTSTRAP = `
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn receive(reader: &mut BufReader<TcpStream>) -> (String, Vec<u8>) {
    let (mut id, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap() == 0 { std::process::exit(3) }
        if line == "\\r\\n" { break }
        let lower = line.to_ascii_lowercase();
        if let Some(v) = lower.strip_prefix("content-length:") { length = v.trim().parse().unwrap() }
        if let Some(v) = lower.strip_prefix("lambda-runtime-aws-request-id:") { id = v.trim().into() }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (id, body)
}

fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(api).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        write!(stream, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n").unwrap();
        let (id, body) = receive(&mut reader);
        let answer = body.len().to_string();
        write!(stream, "POST /2018-06-01/runtime/invocation/{}/response HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: {}\\r\\n\\r\\n{}", id, answer.len(), answer).unwrap();
        receive(&mut reader);
    }
}
`

const noCurl = missing('curl', '--version')
const noGcc = missing('gcc', '--version')
const noRust = missing('rustc', '--version')

describe('A bootstrap written as a shell script with curl', { skip: noCurl }, () => {
  test('serves HTTP requests, and events, when it is named on the command line', async (t) => {
    const folder = bootstrapFolder(SHELL_BOOTSTRAP)
    const server = await startCli(t, ['dev', join(folder, 'bootstrap')])
    const answer = await fetch(`${server.api}/a/b?c=d`, { method: 'POST', body: 'hello' })
    assert.equal(answer.status, 200)
    const event = (await answer.json()) as { rawPath: string; body: string }
    assert.deepEqual([event.rawPath, event.body], ['/a/b', 'hello'])

    const invoke = `${server.aws}/2015-03-31/functions/bootstrap/invocations`
    // So much that curl asks with Expect: 100-continue whether it may send it.
    const large = JSON.stringify({ text: 'x'.repeat(2_000_000) })
    for (const body of ['{"k":1}', large, '[]']) {
      const invoked = await fetch(invoke, { method: 'POST', body })
      assert.equal(invoked.status, 200)
      assert.equal(await invoked.text(), body)
    }
  })

  test('prints into the log of its invocation', async (t) => {
    const rig = openProvidedRig(t, bootstrapFolder(SHELL_BOOTSTRAP))
    for (let n = 0; n < 3; n++) assert.deepEqual(resultOf(await rig.invoke({ n })), { n })
    assert.equal(rig.count('ready'), 1)
    const said = rig.lines.map(({ text }) => text.split(' ').slice(0, 2).join(' '))
    const each = ['START RequestId:', 'shell has', 'END RequestId:']
    assert.deepEqual(
      said.filter((line) => each.includes(line)),
      [...each, ...each, ...each],
    )
  })
})

test('a bootstrap compiled from C serves invocations', { skip: noGcc }, async (t) => {
  const folder = compileC(C_BOOTSTRAP)
  const rig = openProvidedRig(t, folder)
  assert.equal(resultOf(await rig.invoke({})), 2)
  assert.equal(resultOf(await rig.invoke('x'.repeat(3_000_000))), 3_000_002)
  assert.equal(readFileSync(join(folder, 'effects'), 'utf8').split('\n').length, 3)
})

test('a bootstrap compiled from Rust serves invocations', { skip: noRust }, async (t) => {
  const folder = bootstrapFolder('')
  writeFiles(folder, { 'bootstrap.rs': RUST_BOOTSTRAP })
  execFileSync('rustc', ['-o', join(folder, 'bootstrap'), join(folder, 'bootstrap.rs')])
  const rig = openProvidedRig(t, folder)
  assert.equal(resultOf(await rig.invoke({})), 2)
  assert.equal(resultOf(await rig.invoke('x'.repeat(3_000_000))), 3_000_002)
})
