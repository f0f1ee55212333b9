import Foundation
import KoppelFFI

/// Named secrets, kept where the platform keeps such things: the keychain.
///
/// Called from threads of the companion, several at once. It may take its time, and may call the client back; it never asks the person. Throw
/// ``PlatformError``; anything else counts as ``PlatformError/failed(reason:)``.
public protocol SecretStore: Sendable {
    /// The secret of this name; none when there surely is none. A store that cannot be read yet throws ``PlatformError/locked``, for "none"
    /// means that it is gone for good.
    func get(_ name: String) throws -> Data?
    /// Keeps a secret durably, in the place of an older one of this name.
    func set(_ name: String, to secret: Data) throws
    /// Removes a secret; no such secret is no error.
    func delete(_ name: String) throws
    /// The names of all secrets.
    func names() throws -> [String]
}

/// Signing keys on P-256 that never leave their store: the Secure Enclave. Signatures are ECDSA with SHA-256, in DER.
///
/// Called as a ``SecretStore`` is.
public protocol DeviceKeys: Sendable {
    /// Makes a key of this name, durably, in the place of an older one. A key for `KeyPurpose.approve` must ask the person at each use; one
    /// for `KeyPurpose.id` never does, and works while the phone is locked.
    func make(_ alias: String, for purpose: KeyPurpose) throws -> MadeKey
    /// Signs with a key that was made for `KeyPurpose.id`. Never called for one that approves.
    func sign(_ payload: Data, with alias: String) throws -> Data
    /// Deletes a key; no such key is no error.
    func delete(_ alias: String) throws
    /// The names of all keys; those of others may be among them.
    func aliases() throws -> [String]
}

/// Why a secret store, a key store or a signer did not do what was asked.
public enum PlatformError: Error, Hashable, Sendable {
    /// Not yet: before the first unlock of the phone. It is tried again; nothing is concluded.
    case locked
    /// This phone has no such store, or lacks what it needs: a screen lock, an enrolled finger.
    case notAvailable(reason: String)
    /// The key is gone for good.
    case keyInvalidated
    /// The person stepped back.
    case userCancelled
    /// Anything else.
    case failed(reason: String)
}

/// What an app brings: where secrets lie, keys that never leave their hardware, and what it runs on.
public struct Platform: Sendable {
    /// Where secrets lie.
    public var secrets: any SecretStore
    /// The signing keys.
    public var keys: any DeviceKeys
    /// What the app runs on, as other devices and support see it.
    public var kind: DeviceKind
    /// Certificates (DER) to trust beside the public ones: of an organisation that makes its own.
    public var extraRoots: [Data]

    /// How many seconds the phone's clock is pretended to be ahead: for this package's own tests.
    package var clockAheadSeconds: Int64 = 0

    public init(secrets: any SecretStore, keys: any DeviceKeys, kind: DeviceKind = .ios, extraRoots: [Data] = []) {
        self.secrets = secrets
        self.keys = keys
        self.kind = kind
        self.extraRoots = extraRoots
    }

    func options(_ folder: String) -> OpenOptions {
        OpenOptions(folder: folder, kind: kind, extraRoots: extraRoots, clockAheadS: clockAheadSeconds)
    }
}

/// Lets nothing but a platform error through: the border knows no other.
final class CarefulSecrets: KoppelFFI.SecretStore {
    private let secrets: any SecretStore

    init(_ secrets: any SecretStore) { self.secrets = secrets }

    func get(name: String) throws -> Data? { try careful { try secrets.get(name) } }
    func set(name: String, secret: Data) throws { try careful { try secrets.set(name, to: secret) } }
    func delete(name: String) throws { try careful { try secrets.delete(name) } }
    func names() throws -> [String] { try careful { try secrets.names() } }
}

final class CarefulKeys: KoppelFFI.DeviceKeys {
    private let keys: any DeviceKeys

    init(_ keys: any DeviceKeys) { self.keys = keys }

    func make(alias: String, purpose: KeyPurpose) throws -> MadeKey { try careful { try keys.make(alias, for: purpose) } }
    func sign(alias: String, payload: Data) throws -> Data { try careful { try keys.sign(payload, with: alias) } }
    func delete(alias: String) throws { try careful { try keys.delete(alias) } }
    func aliases() throws -> [String] { try careful { try keys.aliases() } }
}

private func careful<T>(_ call: () throws -> T) throws(KoppelFFI.PlatformError) -> T {
    do {
        return try call()
    } catch let known as PlatformError {
        throw switch known {
        case .locked: .Locked
        case .notAvailable(let reason): .NotAvailable(reason: reason)
        case .keyInvalidated: .KeyInvalidated
        case .userCancelled: .UserCancelled
        case .failed(let reason): .Failed(reason: reason)
        }
    } catch {
        // Its type alone: what it says may hold what it was called with.
        throw .Failed(reason: "\(type(of: error))")
    }
}
