// swift-tools-version: 6.2
import PackageDescription

/// Language rules that every Swift target follows.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of ours: house rules, and a test target of the same layout.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

/// The tests of one library; `TestSupport` comes with it.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
        swiftSettings: house)
}

/// libtorch, which `recipes/bootstrap` links into the checkout.
let libtorch = Context.packageDirectory + "/.libtorch"

let package = Package(
    name: "mmada",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "mmada", targets: ["MMaDACLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        library("StrictJSON"),
        library("Checkpoints", ["StrictJSON"]),
        library("TextTokenizer", ["StrictJSON"]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .target(name: "CImages", dependencies: ["CPNG"]),
        library("Images", ["CImages", "CPNG", "CTurboJPEG", "CWebP"]),
        .target(
            name: "CTorch",
            cxxSettings: [
                // Optimised in every configuration: the shim's own loops run inside samplers and tests alike.
                .unsafeFlags(["-O2", "-w", "-isystem", libtorch + "/include"])
            ],
            linkerSettings: [
                .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
                .unsafeFlags(["-L" + libtorch + "/lib", "-Xlinker", "-rpath", "-Xlinker", libtorch + "/lib"]),
            ]),
        library("Torch", ["CTorch"]),
        library("NN", ["Torch", "Checkpoints", "StrictJSON"]),
        library("Transformer", ["NN", "Torch", "StrictJSON"]),
        library("ImageTokenizer", ["NN", "Torch", "StrictJSON"]),
        library("ImageTextScorers", ["NN", "Torch", "TextTokenizer", "Images", "Checkpoints", "StrictJSON"]),
        library("Diffusion", ["Torch"]),
        library(
            "MMaDA",
            [
                "Transformer", "ImageTokenizer", "TextTokenizer", "Images", "Diffusion", "NN", "Torch", "Checkpoints",
                "StrictJSON",
            ]),
        library("Datasets", ["TextTokenizer", "Images", "StrictJSON", "Checkpoints"]),
        library("ShapesWorld", ["Datasets", "Images", "StrictJSON"]),
        library("Rewards", ["Datasets", "ShapesWorld", "ImageTextScorers", "Images", "StrictJSON"]),
        library("RunMetrics", ["Images", "StrictJSON"]),
        library("ConfigurationFiles", ["StrictJSON", .product(name: "Yams", package: "Yams")]),
        library(
            "Training",
            [
                "MMaDA", "Transformer", "ImageTokenizer", "TextTokenizer", "Images", "Diffusion", "NN", "Torch",
                "Checkpoints", "StrictJSON", "Datasets", "RunMetrics", "ConfigurationFiles", "Rewards", "ShapesWorld",
                "ImageTextScorers",
            ]),
        library(
            "Evaluation",
            [
                "MMaDA", "ShapesWorld", "Datasets", "Diffusion", "TextTokenizer", "Transformer", "Images", "StrictJSON",
                "Torch", "Rewards", "ImageTextScorers",
            ]),
        library("Distillation", ["MMaDA", "Datasets", "Rewards", "Diffusion", "TextTokenizer", "Torch", "StrictJSON"]),
        .target(
            name: "Serving",
            dependencies: [
                "MMaDA", "Diffusion", "TextTokenizer", "Images", "Torch", "Transformer", "StrictJSON",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: ["index.html", "app.css", "app.js", "openapi.json"].map { .embedInCode("Page/" + $0) },
            swiftSettings: house),
        .executableTarget(
            name: "MMaDACLI",
            dependencies: [
                "MMaDA", "Transformer", "ImageTokenizer", "TextTokenizer", "Images", "Diffusion", "NN", "Torch",
                "Checkpoints", "StrictJSON", "Datasets", "ShapesWorld", "Training", "Evaluation", "ConfigurationFiles",
                "RunMetrics", "Rewards", "ImageTextScorers", "Distillation", "Serving",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house,
            linkerSettings: [
                // Also beside the program, so that it can be carried elsewhere with its libraries.
                .unsafeFlags(
                    ["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN", "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib"],
                    .when(platforms: [.linux]))
            ]),
        library("TestSupport", ["StrictJSON", "Checkpoints", "Torch", "NN"]),
        tests("Torch"),
        tests("Datasets", ["Images", "StrictJSON"]),
        tests("ShapesWorld", ["Datasets", "Images", "StrictJSON"]),
        tests(
            "Rewards", ["Datasets", "ShapesWorld", "ImageTextScorers", "Images", "StrictJSON", "ConfigurationFiles"]),
        tests("RunMetrics", ["Images", "StrictJSON"]),
        tests(
            "Distillation",
            [
                "MMaDA", "Datasets", "Rewards", "Diffusion", "TextTokenizer", "ShapesWorld", "StrictJSON",
            ]),
        tests(
            "Evaluation",
            [
                "MMaDA", "ShapesWorld", "Datasets", "Diffusion", "Images", "TextTokenizer", "Torch", "StrictJSON",
                "Rewards",
                "ImageTextScorers",
            ]),
        tests(
            "Training",
            [
                "MMaDA", "Transformer", "ImageTokenizer", "TextTokenizer", "Images", "Diffusion", "NN", "Torch",
                "Checkpoints", "StrictJSON", "Datasets", "ConfigurationFiles", "ShapesWorld", "Rewards",
            ]),
        tests(
            "Serving",
            [
                "MMaDA", "Diffusion", "TextTokenizer", "Images", "StrictJSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        tests("ConfigurationFiles", ["StrictJSON"]),
        tests("StrictJSON"),
        tests("Checkpoints", ["StrictJSON"]),
        tests("TextTokenizer", ["StrictJSON"]),
        tests("Images", ["StrictJSON", "Torch"]),
        tests("MMaDACLI", ["StrictJSON", "Images"]),
        tests(
            "MMaDA",
            [
                "Transformer", "ImageTokenizer", "TextTokenizer", "Images", "Diffusion", "Torch", "Checkpoints",
                "StrictJSON",
            ]),
        tests("NN", ["Torch", "Checkpoints"]),
        tests("Transformer", ["Torch", "NN", "Checkpoints", "StrictJSON"]),
        tests("ImageTokenizer", ["Torch", "NN", "Checkpoints", "StrictJSON"]),
        tests("ImageTextScorers", ["NN", "Torch", "TextTokenizer", "Images", "Checkpoints", "StrictJSON"]),
        tests("Diffusion", ["Torch", "NN", "StrictJSON", "Checkpoints", "Transformer"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
