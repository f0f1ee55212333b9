import Foundation
import Koppel
import Testing

/// The codes of other services.
@Suite("Codes of other services")
struct CodesTests {
    private func link(_ issuer: String) -> Data {
        Data("otpauth://totp/\(issuer):jan?secret=gezd gnbv gy3t qojq&issuer=\(issuer)&digits=8".utf8)
    }

    private func list(_ phone: TestPhone) async throws -> [OtpCode] {
        try #require(await phone.client.codes.first { _ in true })
    }

    @Test("codes are kept in the person's order, also after a restart")
    func order() async throws {
        let phone = try await TestPhone().start()
        let github = try await phone.client.addCode(link("GitHub"))
        let mail = try await phone.client.addCode(issuer: "Mail", name: "jan@example.nl", secret: Data("JBSW Y3DP EHPK 3PXP".utf8))
        try await phone.client.moveCode(mail, to: 0)
        try await phone.client.renameCode(github, to: "Werk")
        await phone.stop()
        try await with(phone) { phone in
            let client = phone.client!
            let codes = try await list(phone)
            #expect(codes.map(\.label) == ["Mail", "Werk"])
            let code = try #require(codes.last)
            #expect(code.id == github && code.issuer == "GitHub" && code.name == "jan" && code.digits.count == 8 && code.period == 30)
            #expect(abs(code.until.timeIntervalSinceNow) <= 30)
            #expect(!"\(code)".contains(code.digits) && !"\(client.state)".contains(code.digits))
            try await client.removeCode(mail)
            #expect(try await list(phone).map(\.label) == ["Werk"])
            let gone = await failure { () async throws(KoppelError) in try await client.removeCode(mail) }
            #expect(gone?.why == "no-such-code")
            let unnamed = await failure { () async throws(KoppelError) in try await client.renameCode(github, to: " ") }
            #expect(unnamed?.why == "name-invalid")
        }
    }

    @Test("whoever looks is told of every change, until the end")
    func changes() async throws {
        let phone = try await TestPhone().start()
        let client = phone.client!
        var lists = client.codes.makeAsyncIterator()
        #expect(await lists.next() == [])
        let id = try await client.addCode(link("GitHub"))
        var seen: [OtpCode]?
        repeat { seen = await lists.next() } while seen?.first?.label != "GitHub" && seen != nil
        #expect(seen?.first?.id == id)
        try await client.renameCode(id, to: "Werk")
        repeat { seen = await lists.next() } while seen?.first?.label != "Werk" && seen != nil
        #expect(seen?.first?.id == id)
        await phone.stop()
        #expect(await lists.next() == nil)
    }

    @Test(
        "what gives no codes is said and not kept",
        arguments: [
            ("", "otp-link-invalid"), ("https://example.org", "otp-link-invalid"), ("otpauth://hotp/x?secret=GEZDGNBV", "otp-counter-based"),
            ("otpauth://totp/x", "otp-secret-missing"), ("otpauth-migration://offline?data=CjEK", "otp-export-damaged"),
        ])
    func refused(uri: String, why: String) async throws {
        try await with(TestPhone()) { phone in
            let client = phone.client!
            let error = await failure { () async throws(KoppelError) in _ = try await client.addCodes(Data(uri.utf8)) }
            #expect(error?.why == why && error?.kind == "codeInvalid")
            let kept = try await list(phone)
            #expect(kept.isEmpty)
        }
    }

    @Test("an export comes over, and what gives no codes is named")
    func export() async throws {
        // One account by time and one by counter; the second of three parts.
        let data = "CiIKCkhlbGxvId6tvu8SBWFsaWNlGgdFeGFtcGxlIAEoATACCh8KBnNlY3JldBIFY291bnQaBlRlbGxlciABKAEwATgHEAEYAyABKAE="
        try await with(TestPhone()) { phone in
            let client = phone.client!
            let codes = try await client.addCodes(Data("otpauth-migration://offline?data=\(data)".utf8))
            #expect(codes.added.map(\.name) == ["alice"] && codes.added.map(\.known) == [false])
            #expect(codes.refused.map(\.issuer) == ["Teller"] && codes.refused.map(\.why) == ["otp-counter-based"])
            #expect(codes.part == ExportPart(number: 2, of: 3))
            #expect(try await client.addCodes(Data("otpauth-migration://offline?data=\(data)".utf8)).added.map(\.known) == [true])
            let several = await failure { () async throws(KoppelError) in
                _ = try await client.addCode(Data("otpauth-migration://offline?data=\(data)".utf8))
            }
            #expect(several?.why == "otp-several")
            let counter = await failure { () async throws(KoppelError) in
                _ = try await client.addCode(Data("otpauth-migration://offline?data=Cg4KBnNlY3JldCABKAEwAQ".utf8))
            }
            #expect(counter?.why == "otp-counter-based")
        }
    }
}
