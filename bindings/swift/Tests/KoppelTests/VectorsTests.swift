import Foundation
import Koppel
import Testing

/// One case of a file of vectors.
struct VectorCase: Sendable, CustomTestStringConvertible {
    let file: JSON
    let fields: JSON
    subscript(_ name: String) -> JSON { fields[name] }
    var isValid: Bool { fields["valid"].isTrue }
    var testDescription: String { fields["name"].text }
}

func vectors(_ name: String, where holds: (VectorCase) -> Bool = { _ in true }) -> [VectorCase] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../../tests/vectors/\(name).json")
    let json = JSON((try? Data(contentsOf: file)) ?? Data())
    let cases = json["cases"].list.map { VectorCase(file: json, fields: $0) }.filter(holds)
    precondition(!cases.isEmpty, "no case in \(file.path)")
    return cases
}

/// The vectors of the protocol, recomputed by libcrypto: what two strangers agree on is what the documents say.
@Suite("Vectors")
struct VectorsTests {
    static let envelopes = vectors("envelope")
    static let pairings = vectors("pairing") { $0["kind"].text == "story" }
    static let decisions = vectors("decision") { $0.isValid }
    static let identities = vectors("identity") { $0.isValid }
    static let messages = vectors("jws") { $0.isValid || $0["step"].text == "signature" }
    static let koppelcodes = vectors("koppelcode")
    static let links = vectors("link")
    static let hosts = vectors("host")

    @Test("envelopes", arguments: envelopes)
    func envelope(_ it: VectorCase) throws {
        let phone = it.file["phone"]
        let seal = it["seal"].isThere ? it["seal"] : phone["seal"]
        let scalar = Data(base64URL: seal["scalar"].text)
        let point = seal["point"].optional.map { Data(base64URL: $0) } ?? Crypto.pointOf(spki: Data(base64URL: seal["spki"].text))
        let auth = Data(base64URL: it["auth"].optional ?? phone["auth"].text)
        let body = Data(base64URL: it["body"].optional ?? it["envelope"].text)
        if it["steps"].isThere {
            let opened = try Crypto.open(body, scalar: scalar, point: point, auth: auth)
            let found = ["shared": opened.shared, "ikm": opened.ikm, "cek": opened.cek, "nonce": opened.nonce]
            for (step, value) in found { #expect(it["steps"][step].text == value.base64URL, "\(step)") }
            if let plain = it["plaintext"].optional { #expect(plain == opened.plain.base64URL) }
        }
        if it["kind"].text != "cipher" {
            let message = Result { try Crypto.message(body, scalar: scalar, point: point, auth: auth) }
            #expect(it.isValid == ((try? message.get()) != nil), "\(message)")
            if it.isValid { #expect(try message.get() == it["message"].text) }
        }
    }

    @Test("pairings", arguments: pairings)
    func pairing(_ it: VectorCase) throws {
        let server = try Crypto.Key(spki: Data(base64URL: it.file["server"]["key"]["spki"].text))
        let (o, m1, m2) = (Data(it["O"].text.utf8), it["m1"].text, it["m2"].text)
        let commitment = Crypto.sha256(Data("koppel/pair/commit/v1".utf8), Crypto.lp(o))
        #expect(it["C"].text == commitment.base64URL)
        #expect(it["c"].text == Crypto.sha256(Data(m1.utf8)).base64URL)
        #expect(server.signed(m2) && server.signed(it["activation"].text))
        let transcript = Crypto.sha256(Data("koppel/pair/v1".utf8), Crypto.lp(Data(signingInput(m2).utf8)), Crypto.lp(o))
        #expect(it["T"].text == transcript.base64URL)
        let bytes = Crypto.hkdf(salt: Data(), input: transcript, info: Data("koppel/pair/check/v1".utf8), length: 8)
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 1_000_000
        #expect(it["check_number"].text == String(repeating: "0", count: 6 - "\(number)".count) + "\(number)")
        let introduction = JSON(Data(base64URL: it["O"].text))
        for use in ["id", "approve"] {
            guard let proof = it["m3"]["pop_\(use)"].optional else { continue }
            #expect(try Crypto.Key(spki: Data(base64URL: introduction[use]["spki"].text)).signed(proof), "pop of \(use)")
        }
        let sent = JSON(Data(m1.utf8))
        if sent["door"].text == "link" {
            let id = claims(m2)["server_id"].text
            let mac = Crypto.hmac(
                Data(base64URL: it["given"]["k"].text), Data("koppel/pair/link/v1".utf8), Crypto.lp(Data(id.utf8)),
                Crypto.lp(Data(base64URL: sent["t"].text)), Crypto.lp(commitment)
            )
            #expect(sent["mac"].text == mac.base64URL)
        }
    }

    @Test("decisions", arguments: decisions)
    func decision(_ it: VectorCase) throws {
        let decision = it["decision"].text
        let key = try Crypto.Key(spki: Data(base64URL: it.file["phone"][it["key"].text]["spki"].text))
        #expect(key.signed(decision))
        #expect(it["signing_hash"].text == Crypto.sha256(Data(signingInput(decision).utf8)).base64URL)
        #expect(claims(decision)["ch"].text == Crypto.sha256(Data(it["challenge"].text.utf8)).base64URL)
    }

    @Test("identities", arguments: identities)
    func identity(_ it: VectorCase) throws {
        var (key, link): (String?, String?) = (nil, nil)
        for jws in it["chain"].list.map(\.text) {
            let claims = claims(jws)
            if key == nil { #expect(claims["server_id"].text == Crypto.sha256(Data(base64URL: claims["spki"].text)).base64URL) }
            #expect(try Crypto.Key(spki: Data(base64URL: key ?? claims["spki"].text)).signed(jws))
            #expect(link == claims["prev"].optional)
            link = Crypto.sha256(Data(signingInput(jws).utf8)).base64URL
            key = claims["spki"].text
        }
        #expect(it["identity"]["key"].text == key && it["identity"]["link"].text == link)
    }

    @Test("messages", arguments: messages)
    func message(_ it: VectorCase) throws {
        let jws = it["jws"].text
        #expect(try Crypto.Key(spki: Data(base64URL: it["key"].text)).signed(jws) == it.isValid)
        guard it.isValid else { return }
        let parts = jws.split(separator: ".").map { Data(base64URL: String($0)) }
        #expect(parts[0] == Data(it["header"].text.utf8) && parts[1] == Data(it["payload"].text.utf8))
        #expect(it["signing_hash"].text == Crypto.sha256(Data(signingInput(jws).utf8)).base64URL)
    }

    /// What the library says of the doors that a person types is what the vectors say.
    @Test("koppelcodes", arguments: koppelcodes)
    func koppelcode(_ it: VectorCase) {
        let host = try? Invitation.koppelcode(it["typed"].text, server: "koppel.example.org", user: "anna").host()
        #expect((host != nil) == it.isValid)
    }

    @Test("links", arguments: links)
    func link(_ it: VectorCase) {
        let host = try? Invitation.link(it["text"].text).host()
        #expect(host == (it.isValid ? it["host"].text : nil))
    }

    @Test("hosts", arguments: hosts)
    func host(_ it: VectorCase) {
        let host = try? Invitation.koppelcode("0000-0000-0", server: it["typed"].text, user: "anna").host()
        #expect(host == (it.isValid ? it["host"].text : nil))
    }

    private func signingInput(_ jws: String) -> String { String(jws[..<(jws.lastIndex(of: ".") ?? jws.startIndex)]) }

    private func claims(_ jws: String) -> JSON { JSON(Data(base64URL: String(jws.split(separator: ".")[1]))) }
}
