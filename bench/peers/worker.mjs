import lead from 'handler.cjs'

// The article's wrapper once more, for the Fetch API.
export default {
  async fetch(request) {
    const [, path, leadId] = new URL(request.url).pathname.split('/')
    if (request.method !== 'POST' || path !== 'lead') return new Response('', { status: 404 })
    const event = { body: await request.text(), pathParameters: { leadId } }
    const { statusCode, headers, body } = await lead.postLead(event)
    return new Response(body, { status: statusCode, headers })
  },
}
