import express from 'express'
import { createRequire } from 'node:module'

const { postLead } = createRequire(import.meta.url)('./lead/handler.cjs')

// The article's wrapper, to the letter: the parsed body is stringified for the handler, which parses
// it again; the handler's JSON is parsed and `json` writes it once more.
const lambdaToExpress = (handler) => async (req, res) => {
  const event = {
    body: JSON.stringify(req.body),
    headers: req.headers,
    httpMethod: req.method,
    path: req.path,
    pathParameters: req.params,
    queryStringParameters: req.query,
  }
  const result = await handler(event)
  res.status(result.statusCode).json(JSON.parse(result.body))
}

const app = express()
app.use(express.json())
app.post('/lead/:leadId', lambdaToExpress(postLead))
app.listen(Number(process.argv[2]), '127.0.0.1')
