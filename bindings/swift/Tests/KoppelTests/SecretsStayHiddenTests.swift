import Foundation
import Koppel
import KoppelTesting
import Testing

/// No exported type prints a secret.
@Suite("Secrets stay hidden")
struct SecretsStayHiddenTests {
    /// What holds something to be hidden, by the names of its fields.
    private let hiding = ["uri", "code", "password", "ascii", "nextAscii", "payload", "secret", "envelope", "item", "signature"]

    private var source: String {
        get throws {
            try String(
                contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Generated/KoppelFFI/KoppelFFI.swift"),
                encoding: .utf8)
        }
    }

    @Test("what hides something crosses as bytes, which nothing prints")
    func bytes() throws {
        let source = try source
        let fields = source.matches(of: /\*?\/?(?:public let |^ *\*\/|\()(\w+): ([\w?\[\]]+)/.anchorsMatchLineEndings()).map { (String($0.1), String($0.2)) }
        #expect(fields.count > 60, "the source is written in another way: \(fields.count) fields")
        for (name, type) in fields where hiding.contains(name) && type != "try" {
            #expect(type == "Data" || type == "RustBuffer", "\(name): \(type)")
        }
        // And whatever is bytes is one of those, so that a new one is looked at.
        for (name, type) in fields where type.contains("Data") {
            #expect((hiding + ["publicKey", "extraRoots", "data"]).contains(name), "is `\(name)` to be hidden?")
        }
    }

    @Test("nothing that hides something says it, printed or dumped")
    func canary() throws {
        let canary = "canary-7f3a"
        let bytes = Data(canary.utf8)
        let secrets = MemorySecrets()
        try secrets.set("seal", to: bytes)
        let request = SigningRequest(
            alias: "alias", payload: bytes, title: "De Linden", deadline: .distantPast, account: AccountId(text: "ac"), challenge: nil,
            generation: 1, monotonicDeadline: 2
        )
        let hiding: [Any] = [
            Invitation.link(canary), Invitation.koppelcode(canary, server: "example.org", user: "jan"),
            Invitation.login(canary, server: "example.org", user: "jan"), ChallengeContent.code(ascii: bytes), request, secrets,
            OtpCode(
                id: OtpId(text: "ot"), label: "GitHub", issuer: "GitHub", name: "jan", ascii: bytes, nextAscii: bytes, period: 30, until: .distantPast
            ),
            Platform(secrets: secrets, keys: SoftwareKeys(secrets: secrets)), SoftwareKeys(secrets: secrets),
        ]
        let numbers = bytes.prefix(4).map(String.init).joined(separator: ", ")
        for it in hiding {
            var dumped = ""
            dump(it, to: &dumped)
            for said in ["\(it)", String(reflecting: it), dumped] {
                #expect(!said.contains(canary) && !said.contains(numbers) && !said.contains("- \(bytes[0])\n"), "\(type(of: it)): \(said)")
            }
        }
        do throws(KoppelError) {
            _ = try Invitation.link(canary).host()
        } catch {
            #expect(!"\(error)".contains(canary) && !String(reflecting: error).contains(canary) && !error.localizedDescription.contains(canary))
        }
    }
}
