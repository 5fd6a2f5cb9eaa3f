import { pluginNodes, type Manifest } from './manifest.ts'

/**
 * Plugins without a say in what runs here: bundlers, as handlers are transpiled as they load;
 * deployment, naming and monitoring; local emulators.
 */
const HARMLESS = `
  serverless-offline serverless-offline-sqs serverless-offline-ssm serverless-webpack
  serverless-esbuild serverless-bundle serverless-build-plugin serverless-plugin-typescript
  serverless-plugin-optimize serverless-rspack serverless-babel-plugin serverless-tscpaths
  serverless-plugin-include-dependencies serverless-plugin-common-excludes
  serverless-plugin-monorepo serverless-plugin-scripts serverless-dotenv-plugin
  serverless-prune-plugin serverless-domain-manager serverless-iam-roles-per-function
  serverless-plugin-warmup serverless-certificate-creator serverless-dynamodb-local
  serverless-dynamodb serverless-s3-local serverless-localstack serverless-plugin-tracing
  serverless-plugin-aws-alerts serverless-associate-waf serverless-apigw-binary
  serverless-apigateway-plugin serverless-api-gateway-caching serverless-api-gateway-throttling serverless-openapi-documentation
  serverless-openapi-documenter serverless-auto-swagger serverless-plugin-split-stacks
  serverless-stack-output serverless-export-env serverless-plugin-log-retention
  serverless-plugin-resource-tagging serverless-s3-sync serverless-pseudo-parameters
  serverless-deployment-bucket serverless-plugin-git-variables serverless-hooks-plugin
  serverless-plugin-canary-deployments serverless-python-requirements
  serverless-plugin-stage-variables serverless-api-stage
  serverless-plugin-lambda-dead-letter serverless-plugin-datadog serverless-sentry
`
  .trim()
  .split(/\s+/)

/** Plugins that change what runs, and how. */
const CHANGES: Readonly<Record<string, string>> = {
  'serverless-wsgi': 'its Python web applications are not served yet',
  'serverless-express': 'its Express applications are not wrapped; their handlers have to do it',
  'serverless-step-functions': 'its state machines are not run',
  'serverless-lift': 'its constructs are not built',
  'serverless-appsync-plugin': 'its GraphQL API is not served',
  'serverless-apigateway-service-proxy': 'its routes without a function are not served',
  'serverless-layers': 'its layers are not loaded',
}

/** One note for each plugin that changes what runs, or that nothing is known of here. */
export function notePlugins(manifest: Manifest): void {
  for (const node of pluginNodes(manifest, manifest.root)) {
    const name = node.kind === 'scalar' ? String(node.value) : ''
    if (HARMLESS.includes(name)) continue
    const change = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined
    const message = change ?? 'plugins are not run; what it changes is not seen here'
    manifest.report.note(node.place, `${name}: ${message}`)
  }
}
