// swift-tools-version: 6.0
import PackageDescription

// `Generated` is written by `cargo xtask bindings` and never committed.
//
// On Linux the library is found where cargo puts it: KOPPEL_LIBRARY, or target/ci. On Apple's systems it comes as koppel_ffi.xcframework
// beside this file (see README.md; not yet run).
#if os(Linux)
let folder = Context.environment["KOPPEL_LIBRARY"] ?? "\(Context.packageDirectory)/../../target/ci"
let library: Target = .systemLibrary(name: "koppel_ffiFFI", path: "Generated/koppel_ffiFFI")
let linking: [LinkerSetting] = [
    // `@Observable` needs a symbol that this system's runtime has only at run time.
    .unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath=\(folder)", "-Xlinker", "--allow-shlib-undefined"]),
    .linkedLibrary("koppel_ffi"),
]
#else
let library: Target = .binaryTarget(name: "koppel_ffiFFI", path: "koppel_ffi.xcframework")
let linking: [LinkerSetting] = []
#endif

let package = Package(
    name: "Koppel",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "Koppel", targets: ["Koppel"]),
        .library(name: "KoppelNotification", targets: ["KoppelNotification"]),
        .library(name: "KoppelTesting", targets: ["KoppelTesting"]),
    ],
    targets: [
        library,
        // What UniFFI writes does not compile in Swift 6 mode.
        .target(
            name: "KoppelFFI", dependencies: ["koppel_ffiFFI"], path: "Generated/KoppelFFI",
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: linking
        ),
        .target(name: "Koppel", dependencies: ["KoppelFFI"]),
        .target(name: "KoppelNotification", dependencies: ["KoppelFFI"]),
        .systemLibrary(name: "CCrypto"),
        .target(
            name: "KoppelTesting",
            dependencies: ["Koppel", .target(name: "CCrypto", condition: .when(platforms: [.linux]))]
        ),
        .target(name: "Examples", dependencies: ["Koppel", "KoppelNotification", "KoppelTesting"], path: "Examples"),
        .testTarget(
            name: "KoppelTests",
            dependencies: ["Koppel", "KoppelNotification", "KoppelTesting", "Examples", .target(name: "CCrypto", condition: .when(platforms: [.linux]))]
        ),
        // One scenario, in a process of its own: see ScenarioTests.
        .executableTarget(name: "ScenarioPlay", dependencies: ["Koppel", "KoppelTesting"], path: "Tests/ScenarioPlay"),
        .executableTarget(name: "OpenOnce", dependencies: ["Koppel", "KoppelNotification", "KoppelTesting"], path: "Tests/OpenOnce"),
    ],
    swiftLanguageModes: [.v6]
)

#if os(Linux)
// What makes the library look like one of another version, for one test.
package.targets.append(.target(name: "OtherVersion", path: "Tests/OtherVersion"))
package.products.append(.library(name: "OtherVersion", type: .dynamic, targets: ["OtherVersion"]))
#endif
