import http from 'node:http'
import { createRequire } from 'node:module'
import { lambdaToNode } from '../../dist/adapters/node.js'

const { postLead } = createRequire(import.meta.url)('./lead/handler.cjs')

const server = http.createServer(lambdaToNode(postLead, { route: 'POST /lead/{leadId}' }))
server.listen(Number(process.argv[2]), '127.0.0.1')
