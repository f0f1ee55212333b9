import Foundation
import KoppelFFI

/// Asks the person, in the platform's own way, and signs with the key of `SigningRequest.alias`: LocalAuthentication and a key of the Secure
/// Enclave on an iPhone.
///
/// Throw ``PlatformError/userCancelled`` when the person steps back, ``PlatformError/keyInvalidated`` when the key is gone for good; whatever else is
/// thrown may be tried again. When its task is cancelled it takes the prompt away.
public protocol ApprovalSigner: Sendable {
    /// The ECDSA signature with SHA-256 of `SigningRequest.payload`, in DER, before `SigningRequest.deadline`.
    func sign(_ request: SigningRequest) async throws -> Data
}

/// A signer that is one function.
public struct PromptSigner: ApprovalSigner {
    private let ask: @Sendable (SigningRequest) async throws -> Data

    public init(_ ask: @escaping @Sendable (SigningRequest) async throws -> Data) { self.ask = ask }

    public func sign(_ request: SigningRequest) async throws -> Data { try await ask(request) }
}

extension RawClient {
    /// The signature of `signer`, or the end of what was asked.
    func signature(of request: SigningRequest, by signer: any ApprovalSigner) async throws(KoppelError) -> Data {
        let why: NoSignature
        let end: KoppelError
        do {
            return try await signer.sign(request)
        } catch PlatformError.userCancelled {
            (why, end) = (.cancelled, .hasStepped)
        } catch PlatformError.keyInvalidated {
            (why, end) = (.keyInvalidated, .keyGone)
        } catch is CancellationError {
            (why, end) = (.cancelled, .cancelled)
        } catch let known as KoppelError {
            (why, end) = (.refused, known)
        } catch {
            (why, end) = (.refused, .keyRefused(error))
        }
        // Nothing is open any more when it was stopped.
        try? await toTheEnd { try await self.notSigned(request: request, why: why) }
        throw end
    }
}
