import Foundation
import Koppel

#if canImport(CryptoKit)
import CryptoKit

/// A key on P-256, by CryptoKit. Not yet run.
struct PrivateKey {
    private let key: P256.Signing.PrivateKey

    init() throws { key = P256.Signing.PrivateKey() }
    init(encoded: Data) throws { key = try P256.Signing.PrivateKey(rawRepresentation: encoded) }

    var encoded: Data { key.rawRepresentation }
    /// SubjectPublicKeyInfo in DER.
    var spki: Data { key.publicKey.derRepresentation }

    /// ECDSA with SHA-256, in DER.
    func sign(_ payload: Data) throws -> Data { try key.signature(for: payload).derRepresentation }
}
#else
import CCrypto

/// A key on P-256, by libcrypto.
final class PrivateKey {
    private let key: OpaquePointer

    init() throws {
        var made: OpaquePointer?
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &made) == 1, let made
        else { throw PlatformError.failed(reason: "no key was made") }
        key = made
    }

    init(encoded: Data) throws {
        let read = encoded.withUnsafeBytes { bytes in
            var at = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_AutoPrivateKey(nil, &at, encoded.count)
        }
        guard let read else { throw PlatformError.keyInvalidated }
        key = read
    }

    deinit { EVP_PKEY_free(key) }

    var encoded: Data { der(i2d_PrivateKey) }
    /// SubjectPublicKeyInfo in DER.
    var spki: Data { der(i2d_PUBKEY) }

    /// ECDSA with SHA-256, in DER.
    func sign(_ payload: Data) throws -> Data {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 80)
        var length = signature.count
        let message = [UInt8](payload)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw PlatformError.failed(reason: "no signature was made") }
        return Data(signature.prefix(length))
    }

    private func der(_ write: (OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> Data {
        let length = Int(write(key, nil))
        var bytes = [UInt8](repeating: 0, count: length)
        bytes.withUnsafeMutableBufferPointer { buffer in
            var at = buffer.baseAddress
            _ = write(key, &at)
        }
        return Data(bytes)
    }
}
#endif
