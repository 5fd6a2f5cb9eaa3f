import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why boto3 cannot be used here; undefined where it can. */
export async function boto3Missing(): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import boto3'])
    return undefined
  } catch {
    return '!! SKIPPED: needs Python 3 with boto3 (Debian: python3-boto3, else: pip install boto3)'
  }
}

/**
 * Runs lines of Python that see `client(service)`, talking to this endpoint, and returns what they
 * `emit`, in order. @throws {Error} with what Python says.
 */
export async function withBoto3(endpoint: string, lines: string): Promise<unknown[]> {
  const script = `${PRELUDE}\n${lines}`
  const env = {
    ...process.env,
    ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const { stdout } = await run('python3', ['-c', script], { env, timeout: 60_000 })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

const PRELUDE = `
import json, os
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

def client(service):
    return boto3.client(service, endpoint_url=os.environ['ENDPOINT'], config=Config(retries={'max_attempts': 1}))

def emit(value):
    print(json.dumps(value, default=str), flush=True)

def refused(call, **params):
    try:
        call(**params)
        emit(None)
    except ClientError as error:
        response = error.response
        emit({'type': type(error).__name__, 'code': response['Error']['Code'], 'message': response['Error']['Message'],
              'status': response['ResponseMetadata']['HTTPStatusCode']})
`
