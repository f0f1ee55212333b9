import Foundation
import Koppel
import Testing

@Suite("Challenges")
struct ChallengeTests {
    @Test("a code is shown on its own screen and opens the login")
    func code() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "anna")
            let login = try await server.challenge("anna", "code")
            let challenge = try await phone.challenge()
            #expect(challenge.kind == .code)
            #expect(challenge.relyingParty == "Klantpaneel")
            #expect(challenge.ip == "192.0.2.7")
            let left = challenge.expiresAt.timeIntervalSinceNow
            #expect(left > 30 && left < 600)
            let content = try await phone.client.show(challenge.id)
            let digits = try #require(content.digits)
            #expect(!"\(phone.client.state)".contains(digits))
            #expect(!"\(content)".contains(digits))
            #expect(try await server.check(login, digits)["purpose"].text == "login")
            try await phone.state("over") { $0.challenges.isEmpty && $0.ended.contains { $0.id == challenge.id } }
        }
    }

    @Test("the number from the browser approves")
    func number() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "bram")
            let login = try await server.challenge("bram", "number")
            let challenge = try await phone.challenge()
            #expect(try await phone.client.show(challenge.id) == .number)
            let (titles, title) = AsyncStream.makeStream(of: String.self)
            let signer = phone.signer
            let outcome = try await phone.client.approve(
                challenge.id, number: login.number,
                signer: PromptSigner { request in
                    title.yield(request.title)
                    return try await signer.sign(request)
                })
            #expect(outcome == .approved)
            #expect(await titles.first { _ in true } == "Klantpaneel")
            #expect(try await server.consume(login)["evidence"].text == "device_signature")
        }
    }

    @Test("a wrong number costs a try and no number is asked for first")
    func wrongNumber() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "carla")
            let login = try await server.challenge("carla", "number")
            let id = try await phone.challenge().id
            let needed = await failure { () async throws(KoppelError) in _ = try await phone.client.approve(id, signer: phone.signer) }
            #expect(needed?.why == "number-needed")
            let wrong = try #require(login.number).map { $0 == "9" ? "0" : String(Int(String($0))! + 1) }.joined()
            guard case .wrongNumber = try await phone.client.approve(id, number: wrong, signer: phone.signer) else { throw Unexpected("another outcome") }
            #expect(try await server.state(of: login) != "approved")
        }
    }

    @Test("no is no, and a report locks the account until it is lifted")
    func report() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "dirk")
            let denied = try await server.challenge("dirk", "number")
            #expect(try await phone.client.deny(phone.challenge().id, reason: .mistake) == .denied)
            #expect(try await server.state(of: denied) == "denied")
            try await phone.state("over") { $0.challenges.isEmpty }
            let reported = try await server.challenge("dirk", "number")
            #expect(try await phone.client.deny(phone.challenge().id, reason: .notMe) == .reported)
            #expect(try await server.state(of: reported) == "fraud")
            try await phone.state("locked") { $0.account(account)?.locked == true }
            try await phone.client.liftLock(account)
            let unlock = try await phone.state("an unlock") { $0.challenges.contains { $0.kind == .unlock } }.challenges[0]
            #expect(try await phone.client.show(unlock.id) == .unlock)
            #expect(try await phone.client.approve(unlock.id, signer: phone.signer) == .approved)
            try await phone.state("open again") { $0.account(account)?.locked == false }
        }
    }

    @Test("another phone of the user is confirmed by the first, told of, and the notice is dismissed")
    func secondPhone() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { old in
            let first = try await old.pair(with: server, "lies")
            try await with(TestPhone()) { new in
                new.connect()
                let code = Invitation.koppelcode(try await server.koppelcode("lies"), server: server.host, user: "lies")
                let account = try await new.client.pair(code, deviceName: "nieuwe telefoon").accept(signer: new.signer)
                let question = try await old.challenge()
                #expect(try await old.client.show(question.id) == .confirmPairing(name: "nieuwe telefoon"))
                let number = try await new.checkNumber(account)
                #expect(try await old.client.approve(question.id, number: number, signer: old.signer) == .approved)
                try await new.state("active") { $0.account(account)?.status == .active }
                let notice = try await old.state("a notice") { !$0.notices.isEmpty }.notices[0]
                #expect(notice.kind == .deviceAdded && notice.account == first)
                try await old.client.dismiss(notice.id)
                try await old.state("dismissed") { $0.notices.allSatisfy { $0.id != notice.id } }
                let gone = await failure { () async throws(KoppelError) in try await old.client.dismiss(notice.id) }
                #expect(gone?.why == "no-such-notice")
            }
        }
    }

    @Test("a person who steps back may approve after all")
    func steppedBack() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "eva")
            let login = try await server.challenge("eva", "number")
            let (client, id) = (phone.client!, try await phone.challenge().id)
            let back = await refusal(client, id, login) { _ in throw PlatformError.userCancelled }
            #expect(back?.kind == "userCancelled")
            let broken = await refusal(client, id, login) { _ in throw Unexpected("canary") }
            #expect(broken?.why == "key-refused" && broken?.advice.contains("canary") == false)
            let prompt = await openPrompt(client, id, login)
            prompt.cancel()
            #expect(await prompt.value == .cancelled)
            #expect(!client.state.challenges.isEmpty)
            #expect(try await client.approve(id, number: login.number, signer: phone.signer) == .approved)
        }
    }

    @Test("an approval that was signed is sent although nobody waits any more")
    func cancelledAfterSigning() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "karel")
            let login = try await server.challenge("karel", "number")
            let (client, id, signer) = (phone.client!, try await phone.challenge().id, phone.signer)
            let approving = Task {
                try await client.approve(
                    id, number: login.number,
                    signer: PromptSigner { request in
                        let signature = try await signer.sign(request)
                        withUnsafeCurrentTask { $0?.cancel() }
                        return signature
                    })
            }
            _ = await approving.result
            try await phone.state("over") { $0.ended.contains { $0.id == id } }
            #expect(try await server.state(of: login) == "approved")
        }
    }

    @Test("a prompt that is taken away after the end is no error")
    func afterTheEnd() async throws {
        let server = try await RealServer.shared()
        let phone = try await TestPhone().start()
        try await phone.pair(with: server, "mies")
        let login = try await server.challenge("mies", "number")
        let (client, id) = (phone.client!, try await phone.challenge().id)
        let prompt = await openPrompt(client, id, login)
        await phone.stop()
        prompt.cancel()
        #expect(await prompt.value == .cancelled)
    }

    @Test("a signature that does not fit approves nothing")
    func wrongSignature() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "fred")
            let login = try await server.challenge("fred", "number")
            let id = try await phone.challenge().id
            for nonsense in [Data(), Data(count: 64), Data(repeating: 1, count: 70)] {
                let refused = await refusal(phone.client, id, login) { _ in nonsense }
                #expect(refused?.why == "signature-invalid")
            }
            #expect(try await phone.client.approve(id, number: login.number, signer: phone.signer) == .approved)
        }
    }

    @Test("an older request to sign is expired once a newer one was begun")
    func olderRequest() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "greet")
            let login = try await server.challenge("greet", "number")
            let (client, id, signer) = (phone.client!, try await phone.challenge().id, phone.signer)
            let (asked, ask) = AsyncStream.makeStream(of: Void.self)
            let (late, answer) = AsyncStream.makeStream(of: Void.self)
            let first = Task {
                try await client.approve(
                    id, number: login.number,
                    signer: PromptSigner { request in
                        ask.yield()
                        _ = await late.first { _ in true }
                        return try await signer.sign(request)
                    })
            }
            _ = await asked.first { _ in true }
            #expect(try await client.approve(id, number: login.number, signer: signer) == .approved)
            answer.yield()
            #expect(try await first.value == .expired)
        }
    }

    @Test("a key that is gone is remembered, and codes still work")
    func keyGone() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "hans")
            let login = try await server.challenge("hans", "number")
            let id = try await phone.challenge().id
            let gone = await refusal(phone.client, id, login) { _ in throw PlatformError.keyInvalidated }
            #expect(gone?.kind == "keyInvalidated")
            try await phone.state("key gone") { $0.account(account)?.approval == .keyInvalidated }
            try await phone.client.deny(id, reason: .mistake)
            try await phone.state("over") { $0.challenges.isEmpty }
            let code = try await server.challenge("hans", "code")
            let content = try await phone.client.show(phone.challenge().id)
            _ = try await server.check(code, content.digits ?? "")
        }
    }

    @Test("an answer without a network is queued and sent later")
    func queued() async throws {
        let server = try await RealServer.start()
        let phone = try await TestPhone().start()
        try await phone.pair(with: server, "ida")
        let login = try await server.challenge("ida", "number")
        let id = try await phone.challenge().id
        server.kill()
        #expect(try await phone.client.deny(id, reason: .mistake) == .queued)
        await phone.stop()
        try await server.restart()
        try await with(phone) { phone in
            phone.connect()
            try await phone.state("over") { $0.ended.contains { $0.id == id } }
            #expect(try await server.state(of: login) == "denied")
        }
        server.kill()
    }

    @Test("what is not for this phone is received without a word")
    func notForUs() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            try await phone.pair(with: server, "joke")
            #expect(try await phone.client.receive(Data(), alert: .shown) == nil)
            #expect(try await phone.client.receive(Data(repeating: 4, count: 2150), alert: .shown) == nil)
            try await phone.client.refresh()
        }
    }

    @Test("a challenge that is over is said as such")
    func over() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "kees")
            for id in ["\(account.text)/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa", "", "x/y"].map(ChallengeId.init(text:)) {
                let calls: [() async throws(KoppelError) -> Void] = [
                    { () async throws(KoppelError) in _ = try await phone.client.show(id) },
                    { () async throws(KoppelError) in try await phone.client.deny(id, reason: .mistake) },
                    { () async throws(KoppelError) in _ = try await phone.client.approve(id, number: "123456", signer: phone.signer) },
                ]
                for call in calls { #expect(await failure(call)?.why == "no-such-challenge") }
            }
        }
    }
}

/// What an approval with this signature, or without, ends in.
private func refusal(
    _ client: KoppelClient, _ id: ChallengeId, _ login: RealServer.Login, sign: @escaping @Sendable (SigningRequest) async throws -> Data
) async -> KoppelError? {
    await failure { () async throws(KoppelError) in _ = try await client.approve(id, number: login.number, signer: PromptSigner(sign)) }
}

/// An approval whose prompt is open, until its task is cancelled.
private func openPrompt(_ client: KoppelClient, _ id: ChallengeId, _ login: RealServer.Login) async -> Task<KoppelError?, Never> {
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    let prompt = Task {
        await refusal(client, id, login) { _ in
            ask.yield()
            try await Task.sleep(for: .seconds(60))
            return Data()
        }
    }
    _ = await asked.first { _ in true }
    return prompt
}
