import { provideAwslambda } from '../../lib/awslambda.ts'

// Streaming handlers use it as they are loaded, and they are loaded after this.
if (!('awslambda' in globalThis)) provideAwslambda(process.env)
