//! Where networks are trained: named in specs, resolved here and nowhere else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    /// The device of the network library, with gradients.
    ///
    /// # Errors
    /// A sentence with the devices that this build trains on.
    pub fn resolve(self) -> Result<burn::tensor::Device, String> {
        match self {
            Self::Cpu => Ok(super::network::cpu()),
            Self::Cuda(_) | Self::Vulkan(_) => {
                Err(format!("this build trains on cpu alone, not on {self}: leave it away"))
            }
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
    fn devices_are_named_and_only_the_processor_is_taken() {
        for (name, device) in [("cpu", Device::Cpu), ("cuda:1", Device::Cuda(1)), ("vulkan:0", Device::Vulkan(0))] {
            assert_eq!(name.parse(), Ok(device));
            assert_eq!(device.to_string(), name);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        assert!("gpu".parse::<Device>().is_err_and(|e| e.contains("'gpu'")) && "cpu:1".parse::<Device>().is_err());
        assert!(Device::Cpu.resolve().is_ok() && Device::Cuda(0).resolve().is_err_and(|e| e.contains("cuda:0")));
        assert_eq!(serde_json::to_string(&Device::Cuda(2)).unwrap(), "\"cuda:2\"");
    }
}
