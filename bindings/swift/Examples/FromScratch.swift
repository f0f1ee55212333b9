// The program of docs/embed-app.md.

import Foundation
import Koppel
import KoppelTesting

/// From an empty app to a login that was answered: `say` shows, `ask` lets the person type.
public func fromScratch(
    in folder: URL, say: @escaping @Sendable (String) -> Void, ask: @escaping @Sendable (String) async -> String
) async throws {
    // What the phone has. An app brings its keychain and its Secure Enclave instead.
    let secrets = MemorySecrets()
    let keys = SoftwareKeys(secrets: secrets)
    let platform = Platform(secrets: secrets, keys: keys, kind: .ios)
    let client = try await KoppelClient.open(folder, platform: platform)

    // Connected for as long as the app is on screen.
    let online = Task { try await client.stayConnected() }
    defer { online.cancel() }

    // The person agrees to the host before anything is sent there, and to the organisation before anything is bound.
    let invitation = Invitation.link(await ask("Plak de link van uw scherm"))
    guard await ask("Koppelen met \(try invitation.host())? (ja/nee)") == "ja" else { return }
    let prompt = keys.signer { request in await ask("Ondertekenen voor \(request.title)? (ja/nee)") == "ja" }
    let offer = try await client.pair(invitation, deviceName: "Mijn telefoon")
    let account = try await offer.accept(signer: prompt)

    for await state in client.states {
        // The number that the person types on the other screen.
        if case .awaitingConfirmation(let number, _, _) = state.account(account)?.status {
            say("Typ dit getal op uw scherm: \(number)")
        }
        // A login: its code is shown, or its number asked for.
        guard let challenge = state.challenges.first(where: { !$0.answered }) else { continue }
        let content = try await client.show(challenge.id)
        if let digits = content.digits {
            say("Uw code voor \(challenge.organisation): \(digits)")
        } else if content == .number {
            let number = await ask("Welk getal staat er op uw scherm?")
            say("\(try await client.approve(challenge.id, number: number, signer: prompt))")
            break
        }
    }
    await client.stop()
}
