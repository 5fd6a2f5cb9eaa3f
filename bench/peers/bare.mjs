import http from 'node:http'

// The least that node:http can do and still give the same answers: no event, no framework.
const server = http.createServer((req, res) => {
  const chunks = []
  req.on('data', (chunk) => chunks.push(chunk))
  req.on('end', () => reply(res, ...lead(req, Buffer.concat(chunks).toString())))
})

function lead({ method, url }, text) {
  const leadId = method === 'POST' ? /^\/lead\/([^/?]+)$/.exec(url)?.[1] : undefined
  if (leadId === undefined) return [404, { message: 'Not Found' }]
  try {
    const { name, email } = JSON.parse(text)
    const valid = typeof name === 'string' && typeof email === 'string' && /^\S+@\S+$/.test(email)
    if (valid) return [200, { leadId: decodeURIComponent(leadId), name, email }]
  } catch {
    // Not JSON, or not an object: the answer below.
  }
  return [400, { message: 'expected a name and an email' }]
}

function reply(res, status, body) {
  const text = JSON.stringify(body)
  res.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

server.listen(Number(process.argv[2]), '127.0.0.1')
