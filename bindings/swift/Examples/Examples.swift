import Foundation
import Koppel
import KoppelNotification
import KoppelTesting

/// Opens a companion with everything in memory, and shows each state.
public func openAndWatch(_ folder: URL, render: (KoppelState) -> Void) async throws {
    let secrets = MemorySecrets()
    let platform = Platform(secrets: secrets, keys: SoftwareKeys(secrets: secrets), kind: .terminal)
    let client = try await KoppelClient.open(folder, platform: platform)
    for await state in client.states {
        render(state)
    }
    await client.stop()
}

/// Nothing is sent to a server before the person agreed to its name.
public func hostFirst(_ scanned: String) -> String {
    do {
        return "Koppelen met \(try Invitation.link(scanned).host())?"
    } catch {
        return "Dit is geen koppellink (\(error.why ?? ""))."
    }
}

/// A koppelcode as it was typed: what is wrong with it is said here, before anything is sent.
public func readKoppelcode(_ typed: String, server: String, user: String) -> String {
    do {
        return "Koppelen met \(try Invitation.koppelcode(typed, server: server, user: user).host())?"
    } catch {
        switch error {
        case .invitationInvalid(_, "koppelcode-mistyped", let position?): return "Teken \(position) van de koppelcode klopt niet"
        case .invitationInvalid(_, "koppelcode-mistyped", nil): return "De koppelcode klopt niet"
        case .invitationInvalid(_, "host-invalid", _): return "Dat serveradres klopt niet"
        default: return "Dat is geen gebruikersnaam"
        }
    }
}

/// Pairs by a link; the number to type is in the state afterwards, also after a restart of the app.
public func pairByLink(
    _ client: KoppelClient, scanned: String, agrees: (String) async -> Bool, prompt: some ApprovalSigner
) async throws(KoppelError) -> AccountId? {
    let offer = try await client.pair(.link(scanned), deviceName: "iPhone van Anna")
    guard await agrees("\(offer.organisation) (\(offer.host)), account \(offer.user)") else {
        try await offer.decline()
        return nil
    }
    return try await offer.accept(signer: prompt)
}

/// Connected while a screen is there: cancelled, it disconnects.
public func connectWhileOnScreen(_ client: KoppelClient, screen: @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask { try? await client.stayConnected() }
        await screen()
        group.cancelAll()
    }
}

/// For as long as the app is on screen: one question for each delivery of a login, taken away when that is over. `ask` catches its own errors.
public func askAsTheyCome(_ client: KoppelClient, render: (KoppelState) -> Void, ask: @escaping @Sendable (Challenge) async -> Void) async {
    let online = Task { try await client.stayConnected() }
    var questions: [String: Task<Void, Never>] = [:]
    for await state in client.states {
        render(state)
        let live = Dictionary(uniqueKeysWithValues: state.challenges.map { ("\($0.id) \($0.seq)", $0) })
        for over in questions.keys where live[over] == nil { questions.removeValue(forKey: over)?.cancel() }
        for (delivery, login) in live where questions[delivery] == nil && !login.answered {
            questions[delivery] = Task { await ask(login) }
        }
    }
    for question in questions.values { question.cancel() }
    online.cancel()
}

/// Shows a challenge and says what to do.
public func show(_ client: KoppelClient, _ challenge: ChallengeId) async throws(KoppelError) -> String {
    let content = try await client.show(challenge)
    return switch content {
    case .code: "Typ in uw browser: \(content.digits ?? "")"
    case .number: "Typ hier het getal dat op uw scherm staat"
    case .confirmPairing(let name): "Typ hier het controlegetal van \(name)"
    case .unlock: "Account weer openen?"
    case .unsupported: "Werk de app bij"
    }
}

/// Approves with the number that the person typed.
public func approve(
    _ client: KoppelClient, _ challenge: ChallengeId, typed: String, prompt: some ApprovalSigner
) async throws(KoppelError) -> String {
    switch try await client.approve(challenge, number: typed, signer: prompt) {
    case .approved: "Ga terug naar uw browser"
    case .queued: "Verstuurd zodra er verbinding is"
    case .wrongNumber(let left): "Dat getal is niet goed; nog \(left) keer"
    default: "Dit verzoek is voorbij"
    }
}

/// The codes of other services, for as long as their screen is there: cancelled, it stops looking.
public func showCodes(_ client: KoppelClient, render: ([String]) -> Void) async {
    for await codes in client.codes { render(codes.map { "\($0.label): \($0.digits)" }) }
}

/// Keeps what a QR code held, and says what became of it.
public func addScannedCodes(_ client: KoppelClient, _ scanned: String) async throws(KoppelError) -> String {
    do {
        let codes = try await client.addCodes(Data(scanned.utf8))
        guard let part = codes.part else { return "Bewaard: \(codes.added.count), niet bewaard: \(codes.refused.count)" }
        return "Deel \(part.number) van \(part.of): bewaard \(codes.added.count), niet bewaard \(codes.refused.count); scan ook de andere"
    } catch .codeInvalid(_, "otp-counter-based", _) {
        return "Deze code werkt met een teller; dat kan hier niet"
    } catch .codeInvalid {
        return "Scan de QR-code van de dienst opnieuw"
    }
}

/// A prompt as a signer: what the platform's own dialogue says becomes one of three endings.
public func signer(
    ask: @escaping @Sendable (_ title: String) async -> Bool?, sign: @escaping @Sendable (_ alias: String, _ payload: Data) throws -> Data
) -> PromptSigner {
    PromptSigner { request in
        switch await ask("Inloggen bij \(request.title)") {
        case true?: try sign(request.alias, request.payload)
        case false?: throw PlatformError.userCancelled
        case nil: throw PlatformError.keyInvalidated
        }
    }
}

/// What a notification extension says of an envelope; `read` reads an item of the shared keychain.
public func notificationText(of envelope: Data, read: (String) -> Data?) -> String {
    do {
        let preview = try PushPreview(envelope: envelope, item: read)
        return switch preview.subject {
        case .challenge: "Inlogverzoek bij \(preview.organisation)"
        case .notice, .unread: "Bericht van \(preview.organisation)"
        }
    } catch {
        return "Open Koppel om te antwoorden"
    }
}
