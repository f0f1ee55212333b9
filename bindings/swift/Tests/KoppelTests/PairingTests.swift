import Foundation
import Koppel
import Testing

@Suite("Pairing")
struct PairingTests {
    @Test("a koppelcode leads to an account that can approve")
    func koppelcode() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "p-anna")
            let paired = try #require(phone.client.state.account(account))
            #expect(paired.organisation == "De Linden")
            #expect(paired.user == "p-anna")
            #expect(paired.host == server.host)
            #expect(paired.approval == .ready)
        }
    }

    @Test("a link from the set-up page pairs too")
    func link() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-bram")
        try await with(TestPhone()) { phone in
            phone.connect()
            let invitation = Invitation.link(try await server.link("p-bram"))
            #expect(try invitation.host() == server.host)
            let offer = try await phone.client.pair(invitation, deviceName: "telefoon")
            #expect(offer.organisation == "De Linden" && offer.user == "p-bram")
            let account = try await offer.accept(signer: phone.signer)
            try await server.confirm("p-bram", phone.checkNumber(account))
            try await phone.state("active") { $0.account(account)?.status == .active }
        }
    }

    @Test("name and password pair a phone that shows codes only")
    func login() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-carla")
        try await with(TestPhone()) { phone in
            phone.connect()
            let wrong = await failure { () async throws(KoppelError) in
                _ = try await phone.client.pair(.login("wrong", server: server.host, user: "p-carla"), deviceName: "telefoon", approvals: false)
            }
            #expect(wrong?.kind == "invitationRefused")
            let login = Invitation.login(RealServer.password, server: server.host, user: "p-carla")
            let account = try await phone.client.pair(login, deviceName: "telefoon", approvals: false).accept()
            try await server.confirm("p-carla", phone.checkNumber(account))
            let active = try await phone.state("active") { $0.account(account)?.status == .active }
            #expect(active.account(account)?.approval == .codesOnly)
        }
    }

    @Test("a mistyped koppelcode is said with its place and costs no try")
    func mistyped() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-dirk")
        try await with(TestPhone()) { phone in
            let mistyped = await failure { () async throws(KoppelError) in
                _ = try await phone.client.pair(.koppelcode("00U0-0000-0", server: server.host, user: "p-dirk"), deviceName: "telefoon")
            }
            guard case .invitationInvalid(_, let why, let position) = mistyped else { throw Unexpected(mistyped) }
            #expect(why == "koppelcode-mistyped" && position == 3)
            #expect(phone.client.state.accounts.isEmpty)
        }
    }

    @Test("a person who steps back at the prompt may accept again")
    func steppedBack() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-eva")
        try await with(TestPhone()) { phone in
            phone.connect()
            let offer = try await phone.offer(of: server, "p-eva")
            let back = await failure { () async throws(KoppelError) in
                try await offer.accept(signer: PromptSigner { _ in throw PlatformError.userCancelled })
            }
            #expect(back?.kind == "userCancelled")
            try await phone.state("offered again") { $0.account(offer.account)?.status == .offered }
            let missing = await failure { () async throws(KoppelError) in try await offer.accept() }
            #expect(missing?.why == "signer-needed")
            try await offer.accept(signer: phone.signer)
            #expect(try await phone.checkNumber(offer.account).count == 6)
            try await phone.client.decline(offer.account)
            try await phone.state("gone") { $0.accounts.isEmpty }
        }
    }

    @Test("an offer outlives the process, and a declined one leaves no key")
    func outlives() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-fred")
        let phone = try await TestPhone(kind: .android).start()
        let offer = try await phone.offer(of: server, "p-fred")
        await phone.stop()
        try await with(phone) { phone in
            let again = try await phone.state("offered") { $0.account(offer.account)?.status == .offered }
            try await phone.client.offer(of: again.accounts[0])?.decline()
            try await phone.state("gone") { $0.accounts.isEmpty }
        }
        #expect(try phone.secrets.names() == ["vault/key"])
    }

    @Test("a check number outlives the process")
    func checkNumberOutlives() async throws {
        let server = try await RealServer.shared()
        try await server.user("p-greet")
        let phone = try await TestPhone().start()
        let account = try await phone.offer(of: server, "p-greet").accept(signer: phone.signer)
        let number = try await phone.checkNumber(account)
        await phone.stop()
        try await with(phone) { phone in
            phone.connect()
            #expect(try await phone.checkNumber(account) == number)
            try await server.confirm("p-greet", number)
            try await phone.state("active") { $0.account(account)?.status == .active }
        }
    }

    @Test("a pairing that is cancelled is given up")
    func cancelled() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let silence = DispatchSemaphore(value: 0)
        let port = try Loopback.serve { _ in
            ask.yield()
            silence.wait()
            return (503, Data())
        }
        try await with(TestPhone(kind: .android)) { phone in
            let client = phone.client!
            let pairing = Task {
                await failure { () async throws(KoppelError) in
                    _ = try await client.pair(.koppelcode("0000-0000-0", server: "127.0.0.1:\(port)", user: "jan"), deviceName: "telefoon")
                }
            }
            _ = await asked.first { _ in true }
            pairing.cancel()
            #expect(await pairing.value == .cancelled)
            silence.signal()
            try await phone.state("gone") { $0.accounts.isEmpty }
            await phone.stop()
            #expect(try phone.secrets.names().allSatisfy { !$0.hasPrefix("account/") })
        }
    }

    @Test("an account is renamed, and removed with its keys")
    func removed() async throws {
        let server = try await RealServer.shared()
        let phone = TestPhone(kind: .android)
        try await with(phone) { phone in
            let account = try await phone.pair(with: server, "p-ida")
            try await phone.client.rename(account, to: "Werk")
            try await phone.state("renamed") { $0.account(account)?.label == "Werk" }
            let empty = await failure { () async throws(KoppelError) in try await phone.client.rename(account, to: " ") }
            #expect(empty?.why == "name-invalid")
            try await phone.client.remove(account)
            try await phone.state("removed") { $0.accounts.isEmpty }
        }
        #expect(try phone.secrets.names() == ["vault/key"])
    }

    @Test("test my phone goes through every step")
    func testPhone() async throws {
        let server = try await RealServer.shared()
        try await with(TestPhone()) { phone in
            let account = try await phone.pair(with: server, "p-joke")
            let test = try phone.client.testPhone(account)
            var steps: [TestStep] = []
            for await step in test.steps { steps.append(step) }
            #expect(steps.map(\.kind) == [.server, .proof, .clock, .live, .roundtrip])
            #expect(steps.allSatisfy { $0.finding == .well }, "\(steps)")
            #expect(test.supportCode == "T1-SPCLR")
        }
    }
}

/// Something else than was expected.
struct Unexpected: Error {
    let found: String
    init(_ found: Any?) { self.found = String(describing: found) }
}
