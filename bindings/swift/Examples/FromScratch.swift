// The program of docs/embed-app.md.

import Foundation
import Koppel
import KoppelTesting

/// From an empty app to a login that was answered: `say` shows, `ask` lets the person type.
public func fromScratch(
    in folder: URL, say: @escaping @Sendable (String) -> Void, ask: @escaping @Sendable (String) async -> String
) async throws {
    // What the phone has. An app brings its keychain, its Secure Enclave and its prompt instead.
    let secrets = MemorySecrets()
    let keys = SoftwareKeys(secrets: secrets)
    let prompt = keys.signer { request in await ask("Ondertekenen voor \(request.title)? (ja/nee)") == "ja" }
    let client = try await KoppelClient.open(folder, platform: Platform(secrets: secrets, keys: keys))

    // Connected for as long as the app is on screen.
    let online = Task { try await client.stayConnected() }
    defer { online.cancel() }

    // The person agrees to the host before anything is sent there, and to the account before anything is bound.
    let invitation = Invitation.link(await ask("Plak de link van uw scherm"))
    guard await ask("Koppelen met \(try invitation.host())? (ja/nee)") == "ja" else { return }
    let offer = try await client.pair(invitation, deviceName: "Mijn telefoon")
    guard await ask("Klopt dit: \(offer.organisation), account \(offer.user)? (ja/nee)") == "ja" else { return try await offer.decline() }
    let account = try await offer.accept(signer: prompt)

    // Each picture of the state, until a login was let in. What was said is not said again.
    var said: Set<String> = []
    for await state in client.states {
        if case .awaitingConfirmation(let number, _, let tries) = state.account(account)?.status, said.insert("\(number) \(tries)").inserted {
            say("Typ dit getal op uw scherm: \(number)")
        }
        for login in state.challenges where said.insert("\(login.id) \(login.seq)").inserted {
            do {
                try await answer(client, login, prompt, say: say, ask: ask)
            } catch let over as KoppelError {
                say("Dit verzoek is voorbij (\(over.advice))")
            }
        }
        if state.ended.contains(where: { $0.how == .approved || $0.how == .consumed }) { break }
    }
    say("Ga terug naar uw browser")
}

/// Shows the code of a login, or asks for its number until that is right or the login is over.
private func answer(
    _ client: KoppelClient, _ login: Challenge, _ prompt: any ApprovalSigner, say: (String) -> Void, ask: (String) async -> String
) async throws {
    let content = try await client.show(login.id)
    if let digits = content.digits { say("Uw code voor \(login.organisation): \(digits)") }
    guard content == .number else { return }
    var left: UInt32 = 1
    while left > 0 {
        let number = await ask("Welk getal staat er op uw scherm?")
        guard case .wrongNumber(let more) = try await client.approve(login.id, number: number, signer: prompt) else { return }
        say("Dat getal is niet goed")
        left = more
    }
}
