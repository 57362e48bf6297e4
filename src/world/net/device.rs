//! Where networks are trained: named in specs, resolved here and nowhere else.

use std::str::FromStr;
use std::{fmt, panic};

use burn::tensor::DeviceType;
use serde::{Deserialize, Serialize};

use crate::ground::number::counted;

/// A device by its name: `cpu`, `cuda:0`, `vulkan:0`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA card by its number.
    Cuda(usize),
    /// A card that Vulkan finds, by its number.
    Vulkan(usize),
}

impl Device {
    /// True for the processor.
    pub fn is_cpu(&self) -> bool {
        *self == Self::Cpu
    }

    /// The device of the network library, with gradients.
    ///
    /// # Errors
    /// A sentence where this build or this machine has no such device.
    pub fn resolve(self) -> Result<burn::tensor::Device, String> {
        let (number, feature) = match self {
            Self::Cpu => return Ok(super::network::cpu()),
            Self::Cuda(number) => (number, "cuda"),
            Self::Vulkan(number) => (number, "wgpu"),
        };
        let Some(kind) = self.kind() else {
            return Err(format!("this build has no {self}: build with --features {feature}, or leave the device away"));
        };
        // Where the driver is missing, the library does not say so but panics.
        let cards = panic::catch_unwind(|| burn::tensor::Device::enumerate(kind).into_vec()).unwrap_or_default();
        let found = cards.len();
        match cards.into_iter().nth(number) {
            Some(card) => Ok(card.autodiff()),
            None => Err(format!(
                "this machine has no {self} ({} found): name another device, or leave it away",
                counted(found, "such devices")
            )),
        }
    }

    /// The kind that the network library counts it among; nothing where this build has none of them.
    fn kind(self) -> Option<DeviceType> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda(_) => Some(DeviceType::Cuda),
            #[cfg(feature = "wgpu")]
            Self::Vulkan(_) => Some(DeviceType::Vulkan),
            _ => None,
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Vulkan(n) => write!(f, "vulkan:{n}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let (kind, number) = name.split_once(':').unwrap_or((name, "0"));
        let unknown = || format!("no device is called '{name}': devices are named cpu, cuda:0, vulkan:0");
        let number: usize = number.parse().map_err(|_| unknown())?;
        match kind {
            "cpu" if number == 0 => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(number)),
            "vulkan" => Ok(Self::Vulkan(number)),
            _ => Err(unknown()),
        }
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_and_those_that_are_not_there_are_refused() {
        for (name, device) in [("cpu", Device::Cpu), ("cuda:1", Device::Cuda(1)), ("vulkan:0", Device::Vulkan(0))] {
            assert_eq!(name.parse(), Ok(device));
            assert_eq!(device.to_string(), name);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        assert!("gpu".parse::<Device>().is_err_and(|e| e.contains("'gpu'")) && "cpu:1".parse::<Device>().is_err());
        assert!(Device::Cpu.resolve().is_ok() && Device::Cuda(99).resolve().is_err_and(|e| e.contains("cuda:99")));
        assert!(Device::Vulkan(99).resolve().is_err_and(|e| e.contains("vulkan:99")));
        assert_eq!(serde_json::to_string(&Device::Cuda(2)).unwrap(), "\"cuda:2\"");
    }
}
