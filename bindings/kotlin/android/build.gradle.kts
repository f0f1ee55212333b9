// The Android library (AAR) of the same sources that Maven builds and tests on the JVM.
//
// NOT YET RUN: no Android SDK, NDK or Gradle was at hand where this was written. Whoever runs it first: see "Android" in ../README.md.

import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    id("com.android.library") version "8.7.3"
    id("org.jetbrains.kotlin.android") version "2.1.21"
    id("maven-publish")
}

group = "nl.koppel"
version = "0.1.0"

val repository = projectDir.resolve("../../..")
val generated = repository.resolve("target/bindings/kotlin")
val libraries = layout.buildDirectory.dir("rust/jniLibs")

/** Rust's name of each ABI that phones have. 32-bit x86 is left out: nobody's phone, and no emulator's any more. */
val targets = mapOf(
    "arm64-v8a" to "aarch64-linux-android",
    "armeabi-v7a" to "armv7-linux-androideabi",
    "x86_64" to "x86_64-linux-android",
)

android {
    namespace = "nl.koppel"
    compileSdk = 35
    ndkVersion = "28.0.13004108"

    defaultConfig {
        minSdk = 30
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets.named("main") {
        kotlin.srcDirs("../src/main/kotlin", generated)
        // Keys and secrets for the JVM are no business of a phone.
        kotlin.exclude("nl/koppel/jvm/**")
        jniLibs.srcDir(libraries)
    }
    publishing.singleVariant("release") { withSourcesJar() }
}

kotlin.compilerOptions.jvmTarget.set(JvmTarget.JVM_17)

dependencies {
    // The AAR of JNA brings its own native part for each ABI.
    api("net.java.dev.jna:jna:5.17.0@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
}

/** Builds the library with the NDK's own linker: 16 KB pages (Android 15), and only what apps call is visible. */
val rust = targets.map { (abi, target) ->
    tasks.register<Exec>("rust-$abi") {
        val bin = android.ndkDirectory.resolve("toolchains/llvm/prebuilt/linux-x86_64/bin")
        val clang = bin.resolve("${if (abi == "armeabi-v7a") "armv7a-linux-androideabi" else target}30-clang")
        val variable = target.uppercase().replace('-', '_')
        workingDir = repository
        environment("CC_${target.replace('-', '_')}", clang)
        environment("AR_${target.replace('-', '_')}", bin.resolve("llvm-ar"))
        environment("CARGO_TARGET_${variable}_LINKER", clang)
        environment("CARGO_TARGET_${variable}_RUSTFLAGS", "-Clink-arg=-Wl,-z,max-page-size=16384 -Clink-arg=-Wl,--build-id")
        // One kind of library alone: beside a Rust library cargo leaves link-time optimisation out.
        val kind = listOf("--package", "koppel-bindings", "--lib", "--crate-type", "cdylib")
        commandLine(listOf("cargo", "rustc", "--profile", "phone", "--locked", "--target", target) + kind)
    }
}

/** The libraries where the AAR expects them. Gradle's own packaging strips them; what a crash report needs stays in target/. */
val collect = tasks.register<Sync>("collectLibraries") {
    dependsOn(rust)
    into(libraries)
    for ((abi, target) in targets) {
        from(repository.resolve("target/$target/phone/libkoppel_ffi.so")) { into(abi) }
    }
}

tasks.named("preBuild") {
    dependsOn(collect)
    doFirst { check(generated.isDirectory) { "run `cargo xtask bindings` first: $generated is not there" } }
}

publishing.publications {
    register<MavenPublication>("release") {
        artifactId = "koppel-android"
        afterEvaluate { from(components["release"]) }
    }
}
