import Foundation
import Koppel

/// Keys in software: for tests and for the desktop. They claim to be no more than that.
public struct SoftwareKeys: DeviceKeys {
    private static let prefix = "key/"
    private let secrets: any SecretStore
    private let approvals: any SecretStore

    /// - Parameters:
    ///   - secrets: where keys lie that sign without the person.
    ///   - approvals: where keys lie that approve; the same store when none is given.
    public init(secrets: any SecretStore, approvals: (any SecretStore)? = nil) {
        self.secrets = secrets
        self.approvals = approvals ?? secrets
    }

    public func make(_ alias: String, for purpose: KeyPurpose) throws -> MadeKey {
        let key = try PrivateKey()
        try (purpose == .approve ? approvals : secrets).set(Self.prefix + alias, to: key.encoded)
        return MadeKey(publicKey: key.spki, level: .software, verification: purpose == .approve ? .pin : .none)
    }

    public func sign(_ payload: Data, with alias: String) throws -> Data { try sign(payload, with: alias, from: secrets) }

    public func delete(_ alias: String) throws {
        try secrets.delete(Self.prefix + alias)
        try approvals.delete(Self.prefix + alias)
    }

    public func aliases() throws -> [String] {
        let names = Set(try secrets.names()).union(try approvals.names())
        return names.filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }.sorted()
    }

    /// A signer that first asks the person by `agrees`; it throws ``PlatformError/userCancelled`` when they do not agree.
    public func signer(agrees: @escaping @Sendable (SigningRequest) async -> Bool) -> PromptSigner {
        PromptSigner { request in
            guard await agrees(request) else { throw PlatformError.userCancelled }
            return try sign(request.payload, with: request.alias, from: approvals)
        }
    }

    private func sign(_ payload: Data, with alias: String, from store: any SecretStore) throws -> Data {
        guard let encoded = try store.get(Self.prefix + alias) else { throw PlatformError.keyInvalidated }
        return try PrivateKey(encoded: encoded).sign(payload)
    }
}
