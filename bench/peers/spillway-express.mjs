import express from 'express'
import { createRequire } from 'node:module'
import { lambdaToExpress } from '../../dist/adapters/express.js'

const { postLead } = createRequire(import.meta.url)('./lead/handler.cjs')

// The wrapper does without a parser; with one the app is that of express.mjs.
const app = express()
if (process.argv[3] === 'parser') app.use(express.json())
app.post('/lead/:leadId', lambdaToExpress(postLead))
app.listen(Number(process.argv[2]), '127.0.0.1')
