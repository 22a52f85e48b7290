// An OpenID provider on a free port of 127.0.0.1. Told what to do by lines of JSON on its standard input, one answer each:
//   {"sign": {claims}, "key": "id"}  -> {"token": "..."}
//   {"generate": "id"}               -> {}                 a further key
//   {"vouch": {claims}}              -> {}                 what it says from now on of everybody who signs in
// It ends when its standard input does.
import { createInterface } from 'node:readline'
import { OAuth2Server } from 'oauth2-mock-server'

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

const server = new OAuth2Server()
await server.issuer.keys.generate('RS256', { kid: 'first' })
await server.start(0, '127.0.0.1')
const { port } = server.address()
server.issuer.url = `http://127.0.0.1:${port}`
say({ url: server.issuer.url })

let vouch = {}
server.service.on('beforeTokenSigning', (token) => Object.assign(token.payload, vouch))

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  if (asked.vouch) {
    vouch = asked.vouch
    say({})
  } else if (asked.generate) {
    await server.issuer.keys.generate('RS256', { kid: asked.generate })
    say({})
  } else {
    const scopesOrTransform = (_header, payload) => Object.assign(payload, asked.sign)
    say({ token: await server.issuer.buildToken({ kid: asked.key, scopesOrTransform, expiresIn: 60 }) })
  }
}
await server.stop()
