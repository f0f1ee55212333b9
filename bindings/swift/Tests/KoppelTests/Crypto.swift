import CCrypto
import Foundation

/// The protocol's cryptography by libcrypto alone: none of our Rust is behind it.
enum Crypto {
    struct Wrong: Error, Equatable { let what: String }

    static func sha256(_ parts: Data...) -> Data {
        let input = [UInt8](parts.reduce(Data(), +))
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(input, input.count, &digest)
        return Data(digest)
    }

    static func hmac(_ key: Data, _ parts: Data...) -> Data {
        let (key, input) = ([UInt8](key), [UInt8](parts.reduce(Data(), +)))
        var mac = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        HMAC(EVP_sha256(), key, Int32(key.count), input, input.count, &mac, &length)
        return Data(mac)
    }

    /// RFC 5869, for at most 32 bytes.
    static func hkdf(salt: Data, input: Data, info: Data, length: Int) -> Data {
        hmac(hmac(salt.isEmpty ? Data(count: 32) : salt, input), info, Data([1])).prefix(length)
    }

    /// A length before its bytes, so that fields cannot run into each other.
    static func lp(_ bytes: Data) -> Data { withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Data($0) } + bytes }

    static func openAES(_ sealed: Data, key: Data, nonce: Data) throws -> Data {
        let cipher = [UInt8](sealed.dropLast(16))
        var tag = [UInt8](sealed.suffix(16))
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var plain = [UInt8](repeating: 0, count: cipher.count + 16)
        var rest = [UInt8](repeating: 0, count: 16)
        var (length, more): (Int32, Int32) = (0, 0)
        guard sealed.count >= 16,
            EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), nil, [UInt8](key), [UInt8](nonce)) == 1,
            EVP_DecryptUpdate(context, &plain, &length, cipher, Int32(cipher.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &more) == 1
        else { throw Wrong(what: "not sealed with this key") }
        return Data(plain.prefix(Int(length)))
    }

    /// A key on P-256.
    final class Key {
        fileprivate let key: OpaquePointer

        /// A public one, of a SubjectPublicKeyInfo.
        init(spki: Data) throws {
            let bytes = [UInt8](spki)
            let read = bytes.withUnsafeBufferPointer { buffer in
                var at = buffer.baseAddress
                return d2i_PUBKEY(nil, &at, buffer.count)
            }
            guard let read else { throw Wrong(what: "no key") }
            key = read
        }

        /// A public one, of an uncompressed point.
        convenience init(point: Data) throws {
            guard point.count == 65, point.first == 4 else { throw Wrong(what: "not an uncompressed point") }
            try self.init(spki: Data(base64URL: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").prefix(26) + point)
        }

        /// A private one, as RFC 5915 writes it.
        init(scalar: Data) throws {
            let der =
                [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20] + [UInt8](scalar)
                + [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]
            let read = der.withUnsafeBufferPointer { buffer in
                var at = buffer.baseAddress
                return d2i_AutoPrivateKey(nil, &at, buffer.count)
            }
            guard scalar.count == 32, let read else { throw Wrong(what: "no scalar") }
            key = read
        }

        deinit { EVP_PKEY_free(key) }

        func agree(with peer: Key) throws -> Data {
            let context = EVP_PKEY_CTX_new(key, nil)
            defer { EVP_PKEY_CTX_free(context) }
            var shared = [UInt8](repeating: 0, count: 32)
            var length = shared.count
            guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer.key) == 1,
                EVP_PKEY_derive(context, &shared, &length) == 1, length == 32
            else { throw Wrong(what: "no agreement") }
            return Data(shared)
        }

        /// Whether a compact JWS is signed by this key; signatures are 64 raw bytes.
        func signed(_ jws: String) -> Bool {
            guard let dot = jws.lastIndex(of: ".") else { return false }
            let raw = [UInt8](Data(base64URL: String(jws[jws.index(after: dot)...])))
            guard raw.count == 64 else { return false }
            let (message, der) = ([UInt8](jws[..<dot].utf8), Self.der(raw))
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
                && EVP_DigestVerify(context, der, der.count, message, message.count) == 1
        }

        private static func der(_ raw: [UInt8]) -> [UInt8] {
            func integer(_ half: ArraySlice<UInt8>) -> [UInt8] {
                var number = [UInt8](half.drop { $0 == 0 })
                if number.first.map({ $0 >= 0x80 }) ?? true { number.insert(0, at: 0) }
                return [0x02, UInt8(number.count)] + number
            }
            let both = integer(raw[..<32]) + integer(raw[32...])
            return [0x30, UInt8(both.count)] + both
        }
    }

    static func pointOf(spki: Data) -> Data { Data(spki.suffix(65)) }

    /// RFC 8291: what was sealed for a key, with its padding.
    struct Opened {
        let shared: Data
        let ikm: Data
        let cek: Data
        let nonce: Data
        let plain: Data
    }

    static func open(_ body: Data, scalar: Data, point: Data, auth: Data) throws -> Opened {
        guard body.count > 102, Data(body[16..<21]) == Data([0, 0, 0x10, 0, 65]) else { throw Wrong(what: "another header") }
        let (salt, from) = (Data(body[..<16]), Data(body[21..<86]))
        let shared = try Key(scalar: scalar).agree(with: Key(point: from))
        let ikm = hkdf(salt: auth, input: shared, info: Data("WebPush: info\0".utf8) + point + from, length: 32)
        let cek = hkdf(salt: salt, input: ikm, info: Data("Content-Encoding: aes128gcm\0".utf8), length: 16)
        let nonce = hkdf(salt: salt, input: ikm, info: Data("Content-Encoding: nonce\0".utf8), length: 12)
        let plain = try openAES(Data(body[86...]), key: cek, nonce: nonce)
        return Opened(shared: shared, ikm: ikm, cek: cek, nonce: nonce, plain: plain)
    }

    /// The message in an envelope of this protocol: always 2150 bytes, delimiter 2, zeros behind, UTF-8.
    static func message(_ envelope: Data, scalar: Data, point: Data, auth: Data) throws -> String {
        guard envelope.count == 2150 else { throw Wrong(what: "another length") }
        let plain = try open(envelope, scalar: scalar, point: point, auth: auth).plain
        guard let end = plain.lastIndex(where: { $0 != 0 }), plain[end] == 2,
            let message = String(data: Data(plain[..<end]), encoding: .utf8)
        else { throw Wrong(what: "not the last record") }
        return message
    }
}
