import Foundation
import Koppel
import KoppelTesting
import Testing

/// Whatever is done wrong ends in an error that says what to do.
@Suite("Bad input")
struct BadInputTests {
    @Test("a call after the end says that it was the end")
    func afterTheEnd() async throws {
        let phone = try await TestPhone().start()
        let client = phone.client!
        await client.stop()
        await client.stop()
        let account = AccountId(text: "ac_AAAAAAAAAAAAAAAAAAAAAA")
        let calls: [() async throws(KoppelError) -> Void] = [
            { () async throws(KoppelError) in try await client.refresh() },
            { () async throws(KoppelError) in _ = try await client.show(ChallengeId(text: "\(account.text)/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa")) },
            { () async throws(KoppelError) in
                _ = try await client.pair(.koppelcode("0000-0000-0", server: "koppel.example.org", user: "x"), deviceName: "x")
            },
            { () async throws(KoppelError) in try await client.receive(Data(count: 2150), alert: .silent) },
            { () async throws(KoppelError) in try await client.remove(account) },
            { () async throws(KoppelError) in try await client.stayConnected() },
        ]
        for call in calls {
            let error = await failure(call)
            #expect(error?.kind == "stopped" && error?.advice.contains("open it again") == true, "\(String(describing: error))")
        }
        for await _ in client.states {}
    }

    @Test("the same folder twice is the same client")
    func sameFolder() async throws {
        let phone = TestPhone()
        let clients = try await withThrowingTaskGroup(of: KoppelClient.self) { group in
            for _ in 0..<8 { group.addTask { try await KoppelClient.open(phone.folder, platform: phone.platform) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(clients.allSatisfy { $0 === clients[0] })
        let round = phone.folder.appendingPathComponent("../\(phone.folder.lastPathComponent)")
        #expect(try await KoppelClient.open(round, platform: phone.platform) === clients[0])
        await clients[0].stop()
        #expect(try await KoppelClient.open(round, platform: phone.platform) !== clients[0])
    }

    @Test("a folder that cannot be written is said")
    func folder() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-file-\(UUID())")
        try Data().write(to: file)
        let phone = TestPhone(folder: file.appendingPathComponent("folder"))
        let error = await failure { () async throws(KoppelError) in _ = try await KoppelClient.open(phone.folder, platform: phone.platform) }
        #expect(error?.why == "folder-unwritable")
    }

    @Test("a vault without its key is kept until the person starts afresh")
    func keyLost() async throws {
        let server = try await RealServer.shared()
        try await server.user("bad-jan")
        let phone = try await TestPhone().start()
        _ = try await phone.offer(of: server, "bad-jan")
        await phone.stop()
        let before = try Data(contentsOf: phone.folder.appendingPathComponent("vault"))
        let elsewhere = TestPhone(folder: phone.folder)
        let lost = await failure { () async throws(KoppelError) in _ = try await KoppelClient.open(elsewhere.folder, platform: elsewhere.platform) }
        #expect(lost?.kind == "keyLost")
        let aside = try await KoppelClient.startAfresh(phone.folder, platform: elsewhere.platform)
        #expect(try Data(contentsOf: aside) == before)
        try await with(elsewhere) { #expect($0.client.state.accounts.isEmpty) }
    }

    @Test("a vault from a newer version is kept, and a damaged one too")
    func vault() async throws {
        let phone = try await TestPhone().start()
        await phone.stop()
        let vault = phone.folder.appendingPathComponent("vault")
        func opening() async -> KoppelError? {
            await failure { () async throws(KoppelError) in _ = try await KoppelClient.open(phone.folder, platform: phone.platform) }
        }
        try (Data("KOPPELVAULT".utf8) + [9] + Data(count: 64)).write(to: vault)
        let newer = await opening()
        #expect(newer?.kind == "updateRequired" && newer?.advice.contains("update") == true)
        try Data("nonsense".utf8).write(to: vault)
        #expect(await opening()?.kind == "vaultDamaged")
        #expect(try Data(contentsOf: vault) == Data("nonsense".utf8))
    }

    @Test("what is no invitation is said before anything is sent")
    func invitations() {
        func why(_ invitation: Invitation) -> String? {
            do throws(KoppelError) {
                _ = try invitation.host()
                return nil
            } catch {
                return error.why
            }
        }
        for text in ["", "https://example.org/", "http://example.org/p#v=1", String(repeating: "x", count: 600)] {
            #expect(why(.link(text)) == "link-invalid")
        }
        #expect(why(.koppelcode("0000-0000-0", server: "http://example.org", user: "a")) == "host-invalid")
        #expect(why(.koppelcode("0000-0000-0", server: "example.org", user: " ")) == "name-invalid")
        #expect(why(.login("", server: "example.org", user: "a")) == "password-invalid")
    }

    @Test("software keys that are gone are said to be gone")
    func keysGone() throws {
        let keys = SoftwareKeys(secrets: MemorySecrets())
        let made = try keys.make("a", for: .id)
        let signature = try keys.sign(Data(count: 3), with: "a")
        #expect(made.publicKey.count == 91 && signature.first == 0x30)
        #expect(try keys.aliases() == ["a"])
        try keys.delete("a")
        #expect(throws: PlatformError.keyInvalidated) { try keys.sign(Data(count: 3), with: "a") }
    }

    /// Another process, so that the library is loaded anew.
    private func openOnce(preload: String?) async throws -> String {
        let built = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return try await onThread {
            let process = Process()
            process.executableURL = built.appendingPathComponent("OpenOnce")
            process.environment = preload.map { ["LD_PRELOAD": built.appendingPathComponent($0).path] }
            let said = Pipe()
            process.standardOutput = said
            try process.run()
            let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return text
        }
    }

    @Test("a library of another version is said, and nobody is thrown out")
    func otherVersion() async throws {
        #expect(try await openOnce(preload: nil).hasPrefix("opened\npreview: damaged"))
        let said = try await openOnce(preload: "libOtherVersion.so")
        #expect(said.hasPrefix("library-version: the library and the Swift package are of different versions"), "\(said)")
        #expect(said.contains("preview: libraryVersion"), "\(said)")
    }
}
