//! Non-linearities between the layers of a network.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::lanes::{sigmoid_of, widest};

/// Non-linearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Activation {
    /// x · sigmoid(x), also called swish.
    Silu,
    /// max(x, 0).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// x above 0, so many times x below; PyTorch's default is 0.01.
    LeakyRelu(Constant),
    /// x Φ(x) with the normal distribution's Φ.
    Gelu,
    /// The approximation of GELU by tanh.
    GeluTanh,
    /// x above 0, α (eˣ - 1) below; PyTorch's default α is 1.
    Elu(Constant),
    /// Nothing: the layers are one linear map.
    Identity,
}

/// A constant of a formula, kept by its bits so that activations can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant(u32);

impl Constant {
    /// The constant `value`.
    pub const fn new(value: f32) -> Self {
        Self(value.to_bits())
    }

    /// Its value.
    pub const fn value(self) -> f32 {
        f32::from_bits(self.0)
    }
}

/// The activations that are known, for sentences.
pub const KNOWN: &str = "SiLU, ReLU, Tanh, LeakyReLU, GELU, ELU and Identity";

impl Activation {
    /// What hand-written models use, the commonest first: the readings of a file that names none.
    pub const USUAL: [Self; 6] = [
        Self::Relu,
        Self::Silu,
        Self::Tanh,
        Self::Gelu,
        Self::Elu(Constant::new(1.0)),
        Self::LeakyRelu(Constant::new(0.01)),
    ];

    /// Reads a name as PyTorch, mbrl-lib or a config writes it (`torch.nn.SiLU`, `swish`, `leaky_relu`, `LeakyReLU(0.2)`).
    pub fn parse(name: &str) -> Option<Self> {
        let (name, given) = name.trim().split_once('(').map_or((name, None), |(n, g)| (n, Some(g)));
        let last = name.trim().rsplit(['.', ':']).next().unwrap_or(name).replace(['_', '-'], "").to_ascii_lowercase();
        let given =
            given.map(|g| g.trim_end_matches(')').rsplit('=').next().unwrap_or(g).trim().trim_matches(['"', '\'']));
        let constant = |default: f32| match given {
            None | Some("") => Some(Constant::new(default)),
            Some(text) => text.parse::<f32>().ok().filter(|v| v.is_finite()).map(Constant::new),
        };
        match (last.as_str(), given) {
            ("leakyrelu", _) => constant(0.01).map(Self::LeakyRelu),
            ("elu", _) => constant(1.0).map(Self::Elu),
            ("gelu", Some("tanh")) | ("gelutanh", None | Some("")) => Some(Self::GeluTanh),
            ("gelu", None | Some("" | "none")) => Some(Self::Gelu),
            (_, Some(text)) if !text.is_empty() => None,
            ("silu" | "swish", _) => Some(Self::Silu),
            ("relu", _) => Some(Self::Relu),
            ("tanh", _) => Some(Self::Tanh),
            ("identity" | "linear", _) => Some(Self::Identity),
            _ => None,
        }
    }

    /// Replaces every value by its activation.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Relu => values.iter_mut().for_each(|v| *v = v.max(0.0)),
            Self::Tanh => values.iter_mut().for_each(|v| *v = v.tanh()),
            Self::LeakyRelu(slope) => {
                let slope = slope.value();
                for v in values {
                    *v = if *v > 0.0 { *v } else { *v * slope };
                }
            }
            Self::Silu => widest(|| {
                for v in values {
                    *v *= sigmoid_of(*v);
                }
            }),
            Self::Gelu | Self::GeluTanh | Self::Elu(_) => {
                for v in values {
                    *v = self.value_and_slope(f64::from(*v)).0 as f32;
                }
            }
        }
    }

    /// The activation of `x` and its derivative there (0 at the corner of `relu`, as in torch).
    pub fn value_and_slope(self, x: f64) -> (f64, f64) {
        match self {
            Self::Identity => (x, 1.0),
            Self::Relu => (x.max(0.0), f64::from(u8::from(x > 0.0))),
            Self::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
            Self::Silu => {
                let sigmoid = 1.0 / (1.0 + (-x).exp());
                (x * sigmoid, sigmoid * (1.0 + x * (1.0 - sigmoid)))
            }
            Self::LeakyRelu(slope) => {
                let slope = if x > 0.0 { 1.0 } else { f64::from(slope.value()) };
                (x * slope, slope)
            }
            Self::Elu(alpha) => {
                let alpha = f64::from(alpha.value());
                if x > 0.0 { (x, 1.0) } else { (alpha * x.exp_m1(), alpha * x.exp()) }
            }
            Self::Gelu => {
                let below = 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
                (x * below, below + x * (-0.5 * x * x).exp() / (2.0 * PI).sqrt())
            }
            Self::GeluTanh => {
                let (scale, cubic) = ((2.0 / PI).sqrt(), 0.044_715);
                let t = (scale * (x + cubic * x.powi(3))).tanh();
                let inner = scale * (1.0 + 3.0 * cubic * x * x);
                (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)
            }
        }
    }

    /// The name that options and files beside a checkpoint state it by: [`Activation::parse`] reads it.
    pub fn key(self) -> String {
        match self {
            Self::Silu => "silu".into(),
            Self::Relu => "relu".into(),
            Self::Tanh => "tanh".into(),
            Self::LeakyRelu(slope) => format!("leakyrelu({})", slope.value()),
            Self::Gelu => "gelu".into(),
            Self::GeluTanh => "gelu(tanh)".into(),
            Self::Elu(alpha) => format!("elu({})", alpha.value()),
            Self::Identity => "identity".into(),
        }
    }
}

/// Replaces the logits of one row by their softmax.
pub fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for v in row.iter_mut() {
        *v = (*v - most).exp();
    }
    let sum: f32 = row.iter().sum();
    for v in row {
        *v /= sum;
    }
}

/// As PyTorch writes it.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silu => f.write_str("SiLU"),
            Self::Relu => f.write_str("ReLU"),
            Self::Tanh => f.write_str("Tanh"),
            Self::LeakyRelu(slope) => write!(f, "LeakyReLU({})", slope.value()),
            Self::Gelu => f.write_str("GELU"),
            Self::GeluTanh => f.write_str("GELU(tanh)"),
            Self::Elu(alpha) => write!(f, "ELU({})", alpha.value()),
            Self::Identity => f.write_str("Identity"),
        }
    }
}

impl TryFrom<String> for Activation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("the activation '{name}' is not known; {KNOWN} are"))
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> Self {
        activation.key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAKY: Activation = Activation::LeakyRelu(Constant::new(0.2));
    const ELU: Activation = Activation::Elu(Constant::new(1.5));

    #[test]
    fn names_of_every_library() {
        for (name, want) in [
            ("torch.nn.SiLU", Some(Activation::Silu)),
            ("swish", Some(Activation::Silu)),
            ("torch.nn.modules.activation.ReLU", Some(Activation::Relu)),
            ("ReLU()", Some(Activation::Relu)),
            ("LeakyReLU(negative_slope=0.2)", Some(LEAKY)),
            ("leaky_relu(0.2)", Some(LEAKY)),
            ("torch.nn.LeakyReLU", Some(Activation::LeakyRelu(Constant::new(0.01)))),
            ("GELU(approximate='none')", Some(Activation::Gelu)),
            ("GELU(approximate='tanh')", Some(Activation::GeluTanh)),
            ("ELU(alpha=1.5)", Some(ELU)),
            ("torch.nn.Identity", Some(Activation::Identity)),
            ("jax.nn.mish", None),
            ("relu(0.3)", None),
            ("leaky_relu(steep)", None),
            ("", None),
        ] {
            assert_eq!(Activation::parse(name), want, "{name}");
        }
        for activation in Activation::USUAL.into_iter().chain([LEAKY, ELU, Activation::GeluTanh, Activation::Identity])
        {
            assert_eq!(Activation::parse(&activation.key()), Some(activation));
            assert_eq!(Activation::parse(&activation.to_string()), Some(activation));
        }
    }

    /// Values by Python's `math.erf`, `math.tanh` and `math.expm1` in double precision.
    #[test]
    fn values_are_those_of_python() {
        let table: [(Activation, [f64; 4]); 5] = [
            (Activation::Gelu, GELU),
            (Activation::GeluTanh, GELU_TANH),
            (ELU, ELU_1_5),
            (LEAKY, [-0.8, -0.1, 0.25, 3.0]),
            (Activation::Identity, [-4.0, -0.5, 0.25, 3.0]),
        ];
        for (activation, want) in table {
            let mut got = [-4.0f32, -0.5, 0.25, 3.0];
            activation.apply(&mut got);
            for (a, b) in got.iter().zip(want) {
                assert!((f64::from(*a) - b).abs() <= 4e-7 * b.abs().max(1e-6), "{activation}: {a} for {b}");
            }
        }
    }

    const GELU: [f64; 4] =
        [-0.000_126_684_967_332_479_86, -0.154_268_769_362_993_44, 0.149_676_581_420_730_93, 2.995_950_305_905_11];
    const GELU_TANH: [f64; 4] =
        [-7.024_594_819_227_126e-05, -0.154_285_990_174_856_06, 0.149_675_350_701_685, 2.996_362_607_918_227];
    const ELU_1_5: [f64; 4] = [-1.472_526_541_666_898_7, -0.590_204_010_431_049_9, 0.25, 3.0];

    #[test]
    fn slopes_are_those_of_the_values() {
        for activation in Activation::USUAL.into_iter().chain([LEAKY, ELU, Activation::GeluTanh, Activation::Identity])
        {
            for x in [-5.0, -1.3, -0.2, 0.3, 0.9, 4.0] {
                let h = 1e-4;
                let by_difference =
                    (activation.value_and_slope(x + h).0 - activation.value_and_slope(x - h).0) / (2.0 * h);
                assert!((activation.value_and_slope(x).1 - by_difference).abs() < 1e-3, "{activation}'({x})");
            }
        }
    }

    #[test]
    fn silu_is_silu_at_every_length() {
        for n in [1, 7, 8, 9, 31] {
            let mut v: Vec<f32> = (0..n).map(|i| i as f32 * 0.7 - 8.0).collect();
            let want: Vec<f64> = v.iter().map(|&x| f64::from(x) / (1.0 + (-f64::from(x)).exp())).collect();
            Activation::Silu.apply(&mut v);
            // Two roundings of f32 relative to the value.
            assert!(v.iter().zip(want).all(|(&a, b)| (f64::from(a) - b).abs() <= 4e-7 * b.abs().max(1e-3)));
        }
    }
}
