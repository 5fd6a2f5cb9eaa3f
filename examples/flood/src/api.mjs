import { setTimeout as after } from 'node:timers/promises'

/** Answers after as long as the request says (`?ms=225`), as one that waits for its database would. */
export const handler = async ({ routeKey, queryStringParameters }) => {
  await after(Number(queryStringParameters?.ms ?? 50))
  return { statusCode: 200, body: routeKey }
}
